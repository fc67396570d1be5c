use std::sync::Arc;

use godwit_backend::{
    Buffer, DType, Dim, Encoding, Error, Model, Result, Signature, Stop, TensorInfo, Wall,
};
use godwit_onnx::schema::{GraphProto, ValueInfoProto};
use godwit_onnx::walls::{self, Engine};
use godwit_onnx::{Outline, check_generated, decode, refuse};

use crate::errors;
use crate::guards::Guards;
use crate::ir;
use crate::origins::{self, Origin};
use crate::ov::{Compiled, Core, HostTensor, Port};
use crate::refusals::refusals;

/// A model ready to run.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) compiled: Compiled,
    pub(crate) signature: Signature,
    pub(crate) shape_determined: bool,
    pub(crate) footprint: u64,
    pub(crate) guards: Guards,
    /// For each output, whether a run computes it.
    pub(crate) origins: Vec<Origin>,
}

/// Reads and compiles `model`, looking at `stop` between the two. May take for ever.
pub(crate) fn load(
    core: &Core,
    model: &Model,
    device: &str,
    properties: &[(String, String)],
    wall: Wall,
    stop: &Stop,
) -> Result<Loaded> {
    let (bytes, weights) = match (model.encoding(), model.parts()) {
        (Encoding::Onnx, [bytes]) => (bytes, None),
        (Encoding::Openvino, [xml]) => (xml, None),
        (Encoding::Openvino, [xml, weights]) => (xml, Some(weights)),
        (Encoding::Onnx, parts) => {
            return Err(Error::invalid_encoding(format!(
                "an ONNX model is one file, not {}",
                parts.len()
            )));
        }
        (Encoding::Openvino, parts) => {
            return Err(Error::invalid_encoding(format!(
                "an OpenVINO model is its XML and its weights, not {} files",
                parts.len()
            )));
        }
        (other, _) => {
            return Err(Error::unsupported(format!(
                "OpenVINO devices read openvino and onnx models, not {other}"
            )));
        }
    };
    let stated = match model.encoding() {
        Encoding::Onnx => Stated::onnx(bytes, wall)?,
        _ => Stated::ir(bytes, wall)?,
    };
    let Stated { outline, filled, inputs: named_inputs, outputs: named_outputs } = &stated;
    let weights = weights.map(|weights| view(weights)).transpose()?;
    let read = core.read(bytes, weights.as_ref()).map_err(errors::read)?;
    proceed(stop)?;
    let compiled = core.compile(&read, device, properties).map_err(errors::compile)?;
    proceed(stop)?;
    let inputs = compiled.inputs().map_err(errors::internal)?;
    let outputs = compiled.outputs().map_err(errors::internal)?;
    // The library drops inputs that its form of the model does not need; a caller gives them all the same.
    let (named, taken) = (named_inputs.len(), inputs.len());
    if named != 0 && named != taken {
        return Err(Error::unsupported(format!(
            "the model has {named} inputs, of which OpenVINO keeps {taken}: remove those that no output \
             is computed from"
        )));
    }
    let signature = Signature {
        inputs: infos("input", &inputs, named_inputs)?,
        outputs: infos("output", &outputs, named_outputs)?,
    };
    let guards = Guards::new(&signature, outline, *filled);
    let mut origins = origins::of(&compiled, &inputs, &outputs)?;
    // The library may compute what the file says to be an input, and it narrows wide numbers.
    if outline.passed_on.len() == origins.len() {
        let outputs = origins.iter_mut().zip(&outline.passed_on).zip(&signature.outputs);
        for ((origin, input), _) in outputs.filter(|(_, info)| info.dtype.size() == 8) {
            *origin = input.map_or(*origin, Origin::Input);
        }
    }
    let footprint = footprint(model, outline.nodes);
    Ok(Loaded {
        compiled,
        signature,
        shape_determined: outline.shape_determined,
        footprint,
        guards,
        origins,
    })
}

/// What the file says before the library reads it.
struct Stated {
    outline: Outline,
    /// The inputs that must have elements, one a bit.
    filled: u64,
    /// Inputs and outputs with their names and dimensions. Of an IR the library tells them.
    inputs: Vec<ValueInfoProto>,
    outputs: Vec<ValueInfoProto>,
}

impl Stated {
    fn onnx(bytes: &Buffer, wall: Wall) -> Result<Self> {
        let model = decode(bytes)?;
        let outline = Outline::of(&model);
        if outline.is_external() {
            return Err(Error::unsupported(
                "the model keeps weights in other files; save it as one file with its weights inside",
            ));
        }
        check_generated(&model, "OpenVINO")?;
        refuse(&model, "OpenVINO", refusals())?;
        walls::check(&model, Engine::OpenVino, wall)?;
        let filled = match wall {
            Wall::Own => 0,
            Wall::Process | Wall::Shared => walls::must_be_filled(&model, Engine::OpenVino)?,
        };
        let inputs = model.graph.iter().flat_map(GraphProto::callers_inputs).cloned().collect();
        let outputs = model.graph.into_iter().flat_map(|graph| graph.output).collect();
        Ok(Self { outline, filled, inputs, outputs })
    }

    fn ir(bytes: &[u8], wall: Wall) -> Result<Self> {
        // The library guesses the format from the bytes, and this one was promised.
        if !bytes.iter().take(256).any(|byte| *byte == b'<') {
            return Err(Error::invalid_encoding("the bytes are not an openvino model"));
        }
        let ir::Outline { shape_determined, nodes, filled } = ir::outline(bytes, wall)?;
        let outline = Outline { shape_determined, nodes, ..Outline::default() };
        Ok(Self { outline, filled, inputs: Vec::new(), outputs: Vec::new() })
    }
}

/// An estimate, for the library does not say: the model's bytes twice, as it was read and laid out for
/// the device, and what nodes, requests and threads were measured to take besides.
fn footprint(model: &Model, nodes: usize) -> u64 {
    const NODE: u64 = 16 << 10;
    const GRAPH: u64 = 1 << 20;
    let nodes = u64::try_from(nodes).unwrap_or(u64::MAX).saturating_mul(NODE);
    model.byte_len().saturating_mul(2).saturating_add(nodes).saturating_add(GRAPH)
}

/// The weights as a tensor of bytes over the model's own memory.
#[allow(unsafe_code, reason = "lends the model's memory to the library")]
fn view(weights: &[u8]) -> Result<HostTensor> {
    // SAFETY: the library reads weights only, and the caller holds them for as long as the graph.
    unsafe { HostTensor::over(DType::U8, &[weights.len()], weights.as_ptr().cast_mut()) }
        .map_err(errors::internal)
}

fn proceed(stop: &Stop) -> Result<()> {
    if stop.is_stopped() { Err(Error::cancelled("the load was cancelled")) } else { Ok(()) }
}

/// The model's own names, and those of its dimensions, on the ports of the library.
fn infos(side: &str, ports: &[Port], values: &[ValueInfoProto]) -> Result<Vec<TensorInfo>> {
    let same = ports.len() == values.len();
    let infos = ports.iter().enumerate().map(|(index, port)| {
        let value = values.get(index).filter(|_| same);
        let name = value.map(|value| value.name().to_owned()).or(port.name.clone());
        let name: Arc<str> = name.unwrap_or_else(|| format!("{side}_{index}")).into();
        let dtype = port.dtype.ok_or_else(|| {
            Error::unsupported(format!("'{name}' has an unsupported element type"))
        })?;
        let stated = value.and_then(|value| value.dims().ok().flatten()).unwrap_or_default();
        let dims = port.dims.as_ref().map(|dims| {
            let named = stated.len() == dims.len();
            let dim = |(at, dim): (usize, &Option<usize>)| match (dim, stated.get(at)) {
                (Some(size), _) => Dim::Known(*size),
                (None, Some(Dim::Symbol(symbol))) if named => Dim::Symbol(symbol.clone()),
                _ => Dim::Unknown,
            };
            dims.iter().enumerate().map(dim).collect()
        });
        Ok(TensorInfo { name, dtype, dims })
    });
    infos.collect()
}
