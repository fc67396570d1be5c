//! What the library does not tell of an ONNX file: the order and names of its inputs and outputs, the
//! names of its dimensions, and whether its work depends on values.

use std::collections::HashSet;

use prost::Message;

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

#[derive(Clone, PartialEq, Message)]
struct ModelProto {
    #[prost(message, optional, tag = "7")]
    graph: Option<GraphProto>,
    #[prost(message, repeated, tag = "25")]
    functions: Vec<Empty>,
}

#[derive(Clone, PartialEq, Message)]
struct Empty {}

#[derive(Clone, PartialEq, Message)]
struct GraphProto {
    #[prost(message, repeated, tag = "1")]
    node: Vec<NodeProto>,
    #[prost(message, repeated, tag = "5")]
    initializer: Vec<TensorProto>,
    #[prost(message, repeated, tag = "11")]
    input: Vec<ValueInfoProto>,
    #[prost(message, repeated, tag = "12")]
    output: Vec<ValueInfoProto>,
}

#[derive(Clone, PartialEq, Message)]
struct NodeProto {
    #[prost(string, tag = "4")]
    op_type: String,
}

#[derive(Clone, PartialEq, Message)]
struct TensorProto {
    #[prost(string, tag = "8")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct ValueInfoProto {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    r#type: Option<TypeProto>,
}

#[derive(Clone, PartialEq, Message)]
struct TypeProto {
    #[prost(message, optional, tag = "1")]
    tensor_type: Option<TensorType>,
}

#[derive(Clone, PartialEq, Message)]
struct TensorType {
    #[prost(message, optional, tag = "2")]
    shape: Option<ShapeProto>,
}

#[derive(Clone, PartialEq, Message)]
struct ShapeProto {
    #[prost(message, repeated, tag = "1")]
    dim: Vec<Dimension>,
}

#[derive(Clone, PartialEq, Message)]
struct Dimension {
    #[prost(string, optional, tag = "2")]
    dim_param: Option<String>,
}

/// An input or output as the file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) name: String,
    /// The symbols of its dimensions, where they have one.
    pub(crate) symbols: Vec<Option<String>>,
}

/// What a model file says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Outline {
    pub(crate) inputs: Vec<Value>,
    pub(crate) outputs: Vec<Value>,
    /// Whether the inputs' dimensions alone say how much work a run is.
    pub(crate) steady: bool,
}

/// Reads the outline of an ONNX file, or nothing if it is none.
pub(crate) fn outline(bytes: &[u8]) -> Option<Outline> {
    let model = ModelProto::decode(bytes).ok()?;
    let graph = model.graph?;
    let initialised: HashSet<&str> = graph.initializer.iter().map(|it| &*it.name).collect();
    let steady = model.functions.is_empty()
        && !graph.node.iter().any(|node| UNSTEADY.contains(&&*node.op_type));
    let inputs = graph.input.iter().filter(|input| !initialised.contains(&*input.name));
    Some(Outline {
        inputs: inputs.map(value).collect(),
        outputs: graph.output.iter().map(value).collect(),
        steady,
    })
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
