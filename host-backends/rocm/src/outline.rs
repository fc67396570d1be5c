//! What an ONNX file says of itself, and whether it is sound.
//!
//! The library reads what it is given: a constant with too few bytes is read beyond its end, a name given
//! twice means the first, an output that nothing gives is left out without a word, and nodes out of order
//! are sorted by recursion. So none of these come to it.

use std::collections::HashSet;

use bytes::Bytes;
use godwit_backend::{Buffer, DType, Dim, Error, Result, Signature, TensorInfo};
use prost::Message;

use crate::proto::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};

/// Nodes, those inside others included, at most: the library's passes take longer than linear time.
const NODES: usize = 20_000;

/// Bytes of all constants at most, so that sums of them never overflow.
const BYTES: usize = 1 << 40;

/// Elements that a few bytes may ask for, at most.
const FILLED: i64 = 1 << 28;

/// What is needed of a file.
#[derive(Debug, Clone)]
pub(crate) struct Outline {
    pub(crate) signature: Signature,
    pub(crate) nodes: usize,
}

/// Decodes a file.
///
/// # Errors
///
/// `InvalidEncoding`.
pub(crate) fn decode(bytes: &Buffer) -> Result<ModelProto> {
    // Nested graphs are bounded by the decoder's own limit on nesting.
    ModelProto::decode(Bytes::from_owner(bytes.clone()))
        .map_err(|error| broken("the bytes are not an ONNX model").with_source(error))
}

/// Checks a file and gives what it says of itself.
///
/// # Errors
///
/// `InvalidEncoding` for a file that is broken, `Unsupported` for one that cannot be taken.
pub(crate) fn outline(model: &ModelProto) -> Result<Outline> {
    let graph = model.graph.as_ref();
    let graph = graph.ok_or_else(|| broken("the bytes are not an ONNX model: no graph in it"))?;
    opset(model)?;
    let mut survey = Survey::default();
    survey.graph(graph, &HashSet::new(), false)?;
    let given: HashSet<&str> = graph.initializer.iter().map(|it| &*it.name).collect();
    let inputs = graph.input.iter().filter(|input| !given.contains(&*input.name));
    let signature = Signature {
        inputs: inputs.map(info).collect::<Result<_>>()?,
        outputs: graph.output.iter().map(info).collect::<Result<_>>()?,
    };
    Ok(Outline { signature, nodes: survey.nodes })
}

fn broken(why: &'static str) -> Error {
    Error::invalid_encoding(why)
}

/// The library takes the newest version of any operator set for the version of all.
fn opset(model: &ModelProto) -> Result<()> {
    let standard = |domain: &str| matches!(domain, "" | "ai.onnx");
    let own =
        model.opset_import.iter().filter(|it| standard(&it.domain)).map(|it| it.version).max();
    let own = own.ok_or_else(|| broken("the model does not say which operator set it uses"))?;
    if own < 1 || model.opset_import.iter().any(|it| it.version > own) {
        return Err(Error::unsupported(
            "the model uses an operator set newer than ONNX's own, and MIGraphX would take ONNX's for \
             as new",
        ));
    }
    Ok(())
}

#[derive(Default)]
struct Survey {
    nodes: usize,
    bytes: usize,
}

impl Survey {
    /// Graphs nest no deeper than the decoder lets them.
    fn graph<'a>(
        &mut self,
        graph: &'a GraphProto,
        outer: &HashSet<&'a str>,
        is_inner: bool,
    ) -> Result<()> {
        if !graph.sparse.is_empty() {
            return Err(Error::unsupported("the model has sparse constants, which MIGraphX lacks"));
        }
        let mut known = outer.clone();
        let mut own: HashSet<&str> = HashSet::new();
        for tensor in &graph.initializer {
            self.tensor(tensor)?;
            if !own.insert(&tensor.name) {
                return Err(broken("two of the model's constants have the same name"));
            }
        }
        let mut inputs: HashSet<&str> = HashSet::new();
        for input in &graph.input {
            if !inputs.insert(&input.name) {
                return Err(broken("two of the model's inputs have the same name"));
            }
        }
        own.extend(inputs);
        known.extend(own);
        for node in &graph.node {
            self.nodes += 1;
            if self.nodes > NODES {
                return Err(Error::too_large(format!("the model has more than {NODES} nodes")));
            }
            let given = node.input.iter().filter(|name| !name.is_empty());
            if given.clone().any(|name| !known.contains(name.as_str())) {
                return Err(broken("a node reads what no node before it gives"));
            }
            for attribute in &node.attribute {
                if attribute.sparse.is_some() || !attribute.sparses.is_empty() {
                    return Err(Error::unsupported(
                        "the model has sparse constants, which MIGraphX lacks",
                    ));
                }
                attribute.t.iter().chain(&attribute.tensors).try_for_each(|it| self.tensor(it))?;
                for inner in attribute.g.iter().chain(&attribute.graphs) {
                    if is_inner {
                        // The library names modules after their places, which are not unique then, and
                        // ends the process.
                        return Err(Error::unsupported(
                            "the model has branches or loops within others, which MIGraphX lacks",
                        ));
                    }
                    self.graph(inner, &known, true)?;
                }
            }
            fills(node, graph)?;
            for name in node.output.iter().filter(|name| !name.is_empty()) {
                if !known.insert(name) {
                    return Err(broken("two nodes give the same name"));
                }
            }
        }
        let mut outputs: HashSet<&str> = HashSet::new();
        for output in &graph.output {
            if !known.contains(&*output.name) {
                return Err(broken("the model has an output that no node gives"));
            }
            if !outputs.insert(&output.name) {
                return Err(broken("two of the model's outputs have the same name"));
            }
        }
        Ok(())
    }

    /// That a constant has as many elements as its dimensions say.
    fn tensor(&mut self, tensor: &TensorProto) -> Result<()> {
        if tensor.data_location != 0 || !tensor.external_data.is_empty() {
            return Err(Error::unsupported(
                "the model keeps weights in other files, and is taken as one file: save it with its \
                 weights inside",
            ));
        }
        let dtype = DType::from_onnx(tensor.data_type).ok_or_else(|| {
            Error::unsupported("the model has a constant of a dtype that this device lacks")
        })?;
        let wrong = || broken("a constant of the model has other elements than its dimensions say");
        let elements = tensor
            .dims
            .iter()
            .try_fold(1usize, |product, dim| product.checked_mul(usize::try_from(*dim).ok()?));
        let elements = elements.ok_or_else(wrong)?;
        let bytes = elements.checked_mul(dtype.size()).filter(|bytes| *bytes <= BYTES);
        let bytes = bytes.ok_or_else(wrong)?;
        self.bytes = self.bytes.saturating_add(bytes).min(BYTES);
        let typed = [
            tensor.float_data.len(),
            tensor.int32_data.len(),
            tensor.int64_data.len(),
            tensor.double_data.len(),
            tensor.uint64_data.len(),
        ];
        let (all, place) = (typed.iter().sum::<usize>(), place(dtype));
        let sound = match tensor.raw_data.len() {
            0 => all == elements && typed.get(place) == Some(&elements),
            raw => raw == bytes && all == 0,
        };
        if sound { Ok(()) } else { Err(wrong()) }
    }
}

/// Refuses a constant that would be filled while the model is compiled, or a view of one, beyond any sane
/// size.
fn fills(node: &NodeProto, graph: &GraphProto) -> Result<()> {
    let constant = |at: usize| {
        let name = node.input.get(at)?;
        let own = graph.initializer.iter().find(|it| it.name == *name);
        let node = graph
            .node
            .iter()
            .find(|it| it.op_type == "Constant" && it.output.first() == Some(name));
        own.or_else(|| node?.attribute.iter().find_map(|it| it.t.as_ref()))
    };
    let sizes = match node.op_type.as_str() {
        "ConstantOfShape" => constant(0),
        "Expand" | "Tile" => constant(1),
        _ => None,
    };
    let Some(sizes) = sizes.filter(|it| it.data_type == 7) else { return Ok(()) };
    let raw = sizes.raw_data.as_chunks().0.iter().map(|it| i64::from_le_bytes(*it));
    let product = raw.chain(sizes.int64_data.iter().copied()).try_fold(1i64, i64::checked_mul);
    match product {
        Some(product) if product <= FILLED => Ok(()),
        _ => Err(Error::too_large(format!(
            "the model fills more than {FILLED} elements, the most that this device makes of a few bytes"
        ))),
    }
}

/// Which of a constant's lists its elements are in.
fn place(dtype: DType) -> usize {
    match dtype {
        DType::F32 => 0,
        DType::I64 => 2,
        DType::F64 => 3,
        DType::U32 | DType::U64 => 4,
        _ => 1,
    }
}

fn info(value: &ValueInfoProto) -> Result<TensorInfo> {
    let tensor = value.r#type.as_ref().and_then(|it| it.tensor_type.as_ref());
    let unsupported = |what| Error::unsupported(format!("'{}' is {what}", value.name));
    let tensor = tensor.ok_or_else(|| unsupported("no tensor, and this device takes no others"))?;
    let dtype = DType::from_onnx(tensor.elem_type)
        .ok_or_else(|| unsupported("of a dtype that cannot be passed in or out"))?;
    let dim = |dim: &crate::proto::Dimension| match (dim.size, &dim.dim_param) {
        (Some(size), _) => usize::try_from(size)
            .map(Dim::Known)
            .map_err(|_| broken("an input or output of the model has a negative dimension")),
        (None, Some(name)) if !name.is_empty() => Ok(Dim::Symbol(name.as_str().into())),
        _ => Ok(Dim::Unknown),
    };
    let dims = tensor.shape.as_ref().map(|shape| shape.dim.iter().map(dim).collect());
    Ok(TensorInfo { name: value.name.as_str().into(), dtype, dims: dims.transpose()? })
}
