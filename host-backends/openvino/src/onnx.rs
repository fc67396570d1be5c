//! What the library does not tell of an ONNX file: the order and names of its inputs and outputs, the
//! names of its dimensions, and whether its work depends on values.

use std::collections::{HashMap, HashSet};

use crate::proto::{
    Dimension, GraphProto, ModelProto, NodeProto, SparseProto, TensorProto, ValueInfoProto,
};

/// Operators whose work, or the size of whose output, depends on what their inputs hold.
const UNSTEADY: [&str; 24] = [
    "Compress",
    "ConstantOfShape",
    "Expand",
    "GridSample",
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
    "SequenceAt",
    "SequenceConstruct",
    "SequenceInsert",
    "SequenceMap",
    "Slice",
    "SplitToSequence",
    "StringSplit",
    "Tile",
    "Unique",
    "Upsample",
];

/// An input or output as the file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) name: String,
    /// The symbols of its dimensions, where they have one.
    pub(crate) symbols: Vec<Option<String>>,
}

/// Rows of a table in the model that an input's values choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lookup {
    pub(crate) input: usize,
    pub(crate) rows: i64,
}

/// What a model file says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Outline {
    pub(crate) inputs: Vec<Value>,
    pub(crate) outputs: Vec<Value>,
    /// Whether the inputs' dimensions alone say how much work a run is.
    pub(crate) steady: bool,
    /// Operators, not counting those inside others.
    pub(crate) nodes: usize,
    /// Whether weights are in other files.
    pub(crate) external: bool,
    /// For each output, the input that it is.
    pub(crate) same: Vec<Option<usize>>,
    /// The inputs that something computes with.
    pub(crate) used: Vec<bool>,
    pub(crate) lookups: Vec<Lookup>,
}

/// The outline of an ONNX model, or nothing if there is no graph in it.
pub(crate) fn outline(model: &ModelProto) -> Option<Outline> {
    let graph = model.graph.as_ref()?;
    let initialised: HashSet<&str> = graph.initializer.iter().map(|it| &*it.name).collect();
    let functions = model.functions.iter().flat_map(|function| &function.node);
    let external = is_external(graph) || functions.into_iter().any(node_is_external);
    let inputs = graph.input.iter().filter(|input| !initialised.contains(&*input.name));
    let inputs: Vec<Value> = inputs.map(value).collect();
    let origins = Origins::of(graph, &inputs);
    Some(Outline {
        steady: model.functions.is_empty()
            && !graph.node.iter().any(|node| UNSTEADY.contains(&&*node.op_type)),
        nodes: graph.node.len(),
        external,
        same: graph.output.iter().map(|it| origins.same.get(&*it.name).copied()).collect(),
        used: (0..inputs.len()).map(|input| origins.used.contains(&input)).collect(),
        lookups: origins.lookups,
        outputs: graph.output.iter().map(value).collect(),
        inputs,
    })
}

/// Where the values of inputs go unchanged.
#[derive(Default)]
struct Origins<'a> {
    /// Values that are an input.
    same: HashMap<&'a str, usize>,
    /// Values that hold an input's numbers in another shape or dtype.
    numbers: HashMap<&'a str, usize>,
    used: HashSet<usize>,
    lookups: Vec<Lookup>,
}

impl<'a> Origins<'a> {
    fn of(graph: &'a GraphProto, inputs: &'a [Value]) -> Self {
        let mut origins = Self::default();
        for (at, input) in inputs.iter().enumerate() {
            origins.same.insert(&input.name, at);
            origins.numbers.insert(&input.name, at);
        }
        let mut tables: HashMap<&str, &TensorProto> =
            graph.initializer.iter().map(|it| (&*it.name, it)).collect();
        for node in &graph.node {
            origins.node(node, &mut tables);
        }
        origins
    }

    fn node(&mut self, node: &'a NodeProto, tables: &mut HashMap<&'a str, &'a TensorProto>) {
        let first = node.input.first().map(String::as_str).unwrap_or_default();
        let output = node.output.first().map(String::as_str).unwrap_or_default();
        let op = node.op_type.as_str();
        if op == "Identity"
            && let Some(&input) = self.same.get(first)
        {
            self.same.insert(output, input);
        } else if node.attribute.iter().any(|it| it.g.is_some() || !it.graphs.is_empty()) {
            // What is inside may use anything.
            self.used.extend(self.same.values());
        } else {
            let inputs = node.input.iter().filter_map(|name| self.same.get(name.as_str()));
            self.used.extend(inputs);
        }
        const KEEPING: [&str; 7] =
            ["Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"];
        if KEEPING.contains(&op)
            && let Some(&input) = self.numbers.get(first)
        {
            self.numbers.insert(output, input);
        }
        if op == "Constant"
            && let Some(table) = node.attribute.iter().find_map(|it| it.t.as_ref())
        {
            tables.insert(output, table);
        }
        let second = node.input.get(1).and_then(|name| self.numbers.get(name.as_str()));
        if op == "Gather"
            && let (Some(table), Some(&input)) = (tables.get(first), second)
        {
            let axis = node.attribute.iter().find(|it| it.name == "axis").map_or(0, |it| it.i);
            let rank = i64::try_from(table.dims.len()).unwrap_or(0);
            let axis = if axis < 0 { axis.saturating_add(rank) } else { axis };
            let rows = usize::try_from(axis).ok().and_then(|axis| table.dims.get(axis));
            self.lookups.extend(rows.map(|&rows| Lookup { input, rows }));
        }
    }
}

/// Whether weights are in other files. Graphs nest no deeper than the decoder, which has a limit, lets
/// them.
fn is_external(graph: &GraphProto) -> bool {
    graph.initializer.iter().any(tensor_is_external)
        || graph.sparse.iter().any(sparse_is_external)
        || graph.node.iter().any(node_is_external)
}

fn node_is_external(node: &NodeProto) -> bool {
    node.attribute.iter().any(|it| {
        it.t.iter().chain(&it.tensors).any(tensor_is_external)
            || it.sparse.iter().chain(&it.sparses).any(sparse_is_external)
            || it.g.iter().chain(&it.graphs).any(is_external)
    })
}

fn sparse_is_external(sparse: &SparseProto) -> bool {
    sparse.values.iter().chain(&sparse.indices).any(tensor_is_external)
}

fn tensor_is_external(tensor: &TensorProto) -> bool {
    tensor.data_location != 0 || !tensor.external_data.is_empty()
}

fn value(info: &ValueInfoProto) -> Value {
    let tensor = info.r#type.as_ref().and_then(|it| it.tensor_type.as_ref());
    let dims = tensor.and_then(|it| it.shape.as_ref()).map(|it| it.dim.as_slice());
    let symbol = |dim: &Dimension| dim.dim_param.clone().filter(|name| !name.is_empty());
    Value {
        name: info.name.clone(),
        symbols: dims.unwrap_or_default().iter().map(symbol).collect(),
    }
}
