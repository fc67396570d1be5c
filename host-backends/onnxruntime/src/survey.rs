use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use godwit_backend::{Buffer, Error, Result};
use prost::Message;

use crate::proto::{
    AttributeProto, GraphProto, ModelProto, NodeProto, SparseTensorProto, TensorProto,
};

/// Bytes of a constant that a few bytes may ask for, at most: a gigabyte.
const MOST: i64 = 1 << 30;

/// What a node costs besides its weights: itself, its kernel, its names, its place in the plan.
const NODE: u64 = 2048;

/// What a session costs before it has a node.
const SESSION: u64 = 64 << 10;

/// What can be said about a model before the library sees it.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// The files that hold weights, by the names the model has for them.
    pub(crate) external: BTreeSet<String>,
    /// Bytes that the compiled model will hold: its weights and its nodes.
    pub(crate) footprint: u64,
    /// Whether the inputs' dimensions alone say how much work a run is.
    pub(crate) steady: bool,
    /// Whether it has no graphs within: no branches and no loops.
    pub(crate) plain: bool,
    /// Whether a constant is beyond any sane size.
    vast: bool,
    /// Whether it wants something that the library is known to answer wrongly.
    wrong: bool,
}

/// Reads the bytes of an ONNX file as far as that.
pub(crate) fn survey(bytes: &Buffer) -> Result<Survey> {
    // Nested graphs are bounded by the decoder's own limit on nesting.
    let model = ModelProto::decode(Bytes::from_owner(bytes.clone())).map_err(|error| {
        Error::invalid_encoding("the bytes are not an ONNX model").with_source(error)
    })?;
    let Some(graph) = &model.graph else {
        return Err(Error::invalid_encoding("the bytes are not an ONNX model: no graph in it"));
    };
    let mut survey = Survey { steady: true, plain: true, footprint: SESSION, ..Survey::default() };
    survey.graph(graph);
    let none = HashMap::new();
    for node in model.functions.iter().flat_map(|function| &function.node) {
        survey.node(node, &none);
    }
    if survey.vast {
        return Err(Error::too_large(format!(
            "the model fills a constant of more than {MOST} bytes, the most that ONNX Runtime's \
             devices make of one"
        )));
    }
    if survey.wrong {
        return Err(Error::unsupported(
            "the model asks a causal Attention with a past for its scores, where ONNX Runtime gives \
             -3.4e38 for minus infinity",
        ));
    }
    Ok(survey)
}

impl Survey {
    fn graph(&mut self, graph: &GraphProto) {
        let mut constants = HashMap::new();
        for tensor in &graph.initializer {
            self.tensor(tensor);
            constants.insert(tensor.name.as_str(), tensor);
        }
        graph.sparse_initializer.iter().for_each(|tensor| self.sparse(tensor));
        graph.node.iter().for_each(|node| self.node(node, &constants));
    }

    fn node(&mut self, node: &NodeProto, constants: &HashMap<&str, &TensorProto>) {
        self.footprint = self.footprint.saturating_add(NODE);
        self.steady &= !depends_on_values(&node.op_type);
        self.wrong |= gives_finite_infinities(node);
        if node.op_type == "ConstantOfShape" {
            // It would be filled while the model is compiled.
            let shape = node.input.first().and_then(|name| constants.get(name.as_str()));
            let value = node.attribute.iter().find_map(|attribute| attribute.t.as_ref());
            let size = value.map_or(4, |value| element_size(value.data_type));
            let bytes = |shape| volume(shape).and_then(|volume| volume.checked_mul(size));
            self.vast |= shape.is_some_and(|shape| bytes(shape).is_none_or(|bytes| bytes > MOST));
        }
        for attribute in &node.attribute {
            let AttributeProto { t, g, tensors, graphs, sparse_tensor, sparse_tensors, .. } =
                attribute;
            self.plain &= g.is_none() && graphs.is_empty();
            t.iter().chain(tensors).for_each(|tensor| self.tensor(tensor));
            g.iter().chain(graphs).for_each(|graph| self.graph(graph));
            sparse_tensor.iter().chain(sparse_tensors).for_each(|tensor| self.sparse(tensor));
        }
    }

    fn sparse(&mut self, tensor: &SparseTensorProto) {
        tensor.values.iter().chain(&tensor.indices).for_each(|tensor| self.tensor(tensor));
    }

    fn tensor(&mut self, tensor: &TensorProto) {
        let elements = tensor.dims.iter().try_fold(1i64, |product, dim| product.checked_mul(*dim));
        let bytes = elements.and_then(|it| it.checked_mul(element_size(tensor.data_type)));
        let bytes = bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
        self.footprint = self.footprint.saturating_add(bytes);
        if tensor.data_location != 1 && tensor.external_data.is_empty() {
            return;
        }
        let location = tensor.external_data.iter().find(|entry| entry.key == "location");
        self.external.insert(location.map(|entry| entry.value.clone()).unwrap_or_default());
    }
}

/// Loops, branches and operators whose output is as large as their input's values say make a run's work
/// depend on what the tensors hold.
fn depends_on_values(operator: &str) -> bool {
    const THESE: [&str; 22] = [
        "AffineGrid",
        "CenterCropPad",
        "Col2Im",
        "Compress",
        "ConstantOfShape",
        "Expand",
        "If",
        "Loop",
        "MaxUnpool",
        "NonMaxSuppression",
        "NonZero",
        "OneHot",
        "Pad",
        "Range",
        "Resize",
        "Scan",
        "SequenceMap",
        "Slice",
        "Tile",
        "TopK",
        "Unique",
        "Upsample",
    ];
    THESE.binary_search(&operator).is_ok()
}

/// Whether `node` is an `Attention` whose fourth output, the scores, is wanted with a causal mask over a past.
fn gives_finite_infinities(node: &NodeProto) -> bool {
    let given = |names: &[String], at: usize| names.get(at).is_some_and(|name| !name.is_empty());
    node.op_type == "Attention"
        && given(&node.output, 3)
        && given(&node.input, 4)
        && node.attribute.iter().any(|attribute| attribute.name == "is_causal" && attribute.i != 0)
}

/// Bytes of one element, by ONNX's number of its dtype; 4 where it is none.
fn element_size(data_type: i32) -> i64 {
    match data_type {
        2 | 3 | 9 => 1,
        4 | 5 | 10 | 16 => 2,
        7 | 11 | 13 | 14 => 8,
        15 => 16,
        _ => 4,
    }
}

/// The product of the dimensions that a tensor holds, unless it overflows.
fn volume(shape: &TensorProto) -> Option<i64> {
    let (raw, _) = shape.raw_data.as_chunks::<8>();
    let raw = raw.iter().map(|bytes| i64::from_le_bytes(*bytes));
    raw.chain(shape.int64_data.iter().copied()).try_fold(1i64, i64::checked_mul)
}
