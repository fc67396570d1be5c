use std::collections::HashSet;
use std::sync::Arc;

use godwit_backend::{Error, Result, Stop};
use prost::Message;
use tract_onnx::Onnx;
use tract_onnx::pb::{GraphProto, ModelProto};
use tract_onnx::prelude::{
    DatumType, InferenceFact, InferenceModel, InferenceModelExt, SpecialOps, Symbol, TVec,
    TractResult, TypedModel,
};
use tract_onnx::tract_core::ops::cast::cast;
use tract_onnx::tract_core::ops::logic::IfThenElse;
use tract_onnx::tract_core::ops::scan::{OptScan, Scan};
use tract_onnx::tract_core::ops::source::TypedSource;
use tract_onnx::tract_hir::internal::{Factoid, GenericFactoid, ToDim};

use crate::analyse::analyse;
use crate::guard::guarded;
use crate::signature::Names;
use crate::survey::survey;
use crate::symbolic::check_model;

/// A model with every dtype and shape settled, simplified, and not yet made for any device.
#[derive(Debug)]
pub struct Typed {
    /// The model.
    pub model: TypedModel,
    /// The names of its inputs and outputs.
    pub names: Names,
}

/// Reads the bytes of an ONNX file for `device`, which errors name ("the CPU device"), looking at `stop`
/// between the stages.
///
/// # Errors
///
/// - `InvalidEncoding`: not an ONNX model, or one that is not well formed.
/// - `Unsupported`, `TooLarge`: beyond the library; the message says what.
/// - `Cancelled`: stopped.
pub fn read(bytes: &[u8], device: &'static str, stop: &Stop) -> Result<Typed> {
    let onnx = guarded(broken, || Ok(tract_onnx::onnx()))?;
    let proto = ModelProto::decode(bytes).map_err(|error| {
        Error::invalid_encoding("the bytes are not an ONNX model").with_source(error)
    })?;
    let graph = proto.graph.as_ref().ok_or_else(|| {
        Error::invalid_encoding("the bytes are not an ONNX model: no graph in it")
    })?;
    survey(&onnx, graph, device)?;
    proceed(stop)?;
    let (model, names) = guarded(broken, || parse(&onnx, &proto, graph, device))?;
    drop(proto);
    proceed(stop)?;
    let beyond = || beyond(device);
    let failed = |error| beyond().with_source(error);
    let model = guarded(beyond, || {
        let mut model = model;
        analyse(&mut model, device, stop)?;
        let model = typed(model).map_err(failed)?;
        check_model(&model, device)?;
        Ok(model)
    })?;
    proceed(stop)?;
    let model = guarded(beyond, || {
        let mut model = model;
        model.declutter().map_err(failed)?;
        check_model(&model, device)?;
        Ok(model)
    })?;
    proceed(stop)?;
    Ok(Typed { model, names })
}

fn broken() -> Error {
    Error::invalid_encoding("the ONNX model is not well formed")
}

pub(crate) fn beyond(device: &str) -> Error {
    Error::unsupported(format!("the model is beyond what {device} can compile"))
}

pub(crate) fn proceed(stop: &Stop) -> Result<()> {
    if stop.is_stopped() { Err(Error::cancelled("the load was cancelled")) } else { Ok(()) }
}

fn parse(
    onnx: &Onnx,
    proto: &ModelProto,
    graph: &GraphProto,
    device: &str,
) -> Result<(InferenceModel, Names)> {
    // Without a folder, nothing outside these bytes can be read.
    let parsed = onnx.parse(proto, None).map_err(|error| broken().with_source(error))?;
    if let Some(name) = parsed.unresolved_inputs.first() {
        let name: String = name.chars().take(64).collect();
        return Err(Error::invalid_encoding(format!(
            "the ONNX model is not well formed: nothing gives the tensor '{name}'"
        )));
    }
    let mut model = parsed.model;
    let initialised: HashSet<&str> = graph.initializer.iter().map(|it| &*it.name).collect();
    let inputs = graph.input.iter().map(|input| &*input.name);
    let names = Names {
        inputs: inputs.filter(|name| !initialised.contains(name)).map(Arc::from).collect(),
        outputs: graph.output.iter().map(|output| Arc::from(&*output.name)).collect(),
        symbols: name_dims(&mut model, device)?,
    };
    if names.inputs.len() != model.inputs.len() || names.outputs.len() != model.outputs.len() {
        return Err(broken());
    }
    Ok((model, names))
}

/// Gives every unknown dimension of an input a symbol, for a dimension that can vary has to have one.
/// Gives back the symbols that were there.
fn name_dims(model: &mut InferenceModel, device: &str) -> Result<HashSet<Symbol>> {
    let failed = |error| broken().with_source(error);
    let mut symbols = HashSet::new();
    for outlet in model.input_outlets().map_err(failed)?.to_vec() {
        let fact = model.outlet_fact(outlet).map_err(failed)?.clone();
        if fact.shape.is_open() {
            return Err(Error::unsupported(format!(
                "the model does not say how many dimensions an input has, which {device} needs to \
                 know"
            )));
        }
        let Some(datum) = fact.datum_type.concretize() else { return Err(broken()) };
        let mut dims = TVec::new();
        for dim in fact.shape.dims() {
            dims.push(match dim {
                GenericFactoid::Only(dim) => {
                    symbols.extend(dim.symbols());
                    dim.clone()
                }
                GenericFactoid::Any => model.symbols.new_with_prefix("any").to_dim(),
            });
        }
        let fact = InferenceFact::dt_shape(datum, &*dims);
        model.set_outlet_fact(outlet, fact).map_err(failed)?;
    }
    Ok(symbols)
}

/// Settles every dtype and shape. Outputs that hold dimensions become plain integers.
fn typed(model: InferenceModel) -> TractResult<TypedModel> {
    let mut model = model.into_typed()?;
    let mut outlets = model.output_outlets()?.to_vec();
    for (index, outlet) in outlets.iter_mut().enumerate() {
        if model.outlet_fact(*outlet)?.datum_type == DatumType::TDim {
            let wire =
                model.wire_node(format!("output.{index}"), cast(DatumType::I64), &[*outlet])?;
            *outlet = wire.first().copied().unwrap_or(*outlet);
        }
    }
    model.select_output_outlets(&outlets)?;
    Ok(model)
}

/// Whether the inputs' dimensions alone say how much work a run is.
///
/// Loops, branches and operators whose output is as large as their input's values say make a run's
/// work depend on what the tensors hold.
pub fn is_shape_determined(model: &TypedModel) -> bool {
    !model.nodes().iter().any(|node| {
        let control = node.op_is::<OptScan>() || node.op_is::<Scan>() || node.op_is::<IfThenElse>();
        control || (node.op().mints_runtime_symbols() && !node.op_is::<TypedSource>())
    })
}
