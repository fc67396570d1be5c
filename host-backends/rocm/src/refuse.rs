//! What the library would answer wrongly, found by ONNX's operator tests (`cargo xtask coverage`).
//!
//! A model that uses any of it is refused at load: a wrong answer is worse than none.

use std::collections::{HashMap, HashSet};

use godwit_backend::{DType, Error, Result};

use crate::proto::{GraphProto, ModelProto, NodeProto, TensorProto};

/// Operators that are answered wrongly however they are used, and how.
const REFUSALS: [(&str, &str); 3] = [
    ("ConvInteger", "leaves out the zero point"),
    ("NegativeLogLikelihoodLoss", "counts what is to be ignored, and ends the process"),
    ("SoftmaxCrossEntropyLoss", "counts what is to be ignored, and ends the process"),
];

/// What is known of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Integers or truths.
    Discrete,
    /// Floating-point numbers of the model's own, all finite.
    Finite,
    /// Floating-point numbers.
    Float,
}

/// What is known of values by their names.
#[derive(Debug, Clone, Default)]
struct Known<'a> {
    kinds: HashMap<&'a str, Kind>,
    /// Constants that integers can be divided by: neither 0 nor -1, by which the least cannot be.
    divisors: HashSet<&'a str>,
}

/// Operators that give integers or truths.
const DISCRETE: [&str; 15] = [
    "And",
    "ArgMax",
    "ArgMin",
    "Equal",
    "Greater",
    "GreaterOrEqual",
    "IsInf",
    "IsNaN",
    "Less",
    "LessOrEqual",
    "Not",
    "Or",
    "Shape",
    "Size",
    "Xor",
];

/// Operators that give numbers of their first input.
const MOVING: [&str; 9] = [
    "Expand",
    "Flatten",
    "Gather",
    "Identity",
    "Reshape",
    "Slice",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
];

/// Operators whose first output has the dtype of their first input, if that is a floating-point one.
const FLOATING: [&str; 78] = [
    "Abs",
    "Acos",
    "Add",
    "Asin",
    "Atan",
    "AveragePool",
    "BatchNormalization",
    "Ceil",
    "Celu",
    "Clip",
    "Concat",
    "Conv",
    "ConvTranspose",
    "Cos",
    "CumSum",
    "DepthToSpace",
    "Div",
    "Dropout",
    "Einsum",
    "Elu",
    "Erf",
    "Exp",
    "Expand",
    "Flatten",
    "Floor",
    "Gather",
    "GatherElements",
    "Gelu",
    "Gemm",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "GroupNormalization",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "InstanceNormalization",
    "LRN",
    "LayerNormalization",
    "LeakyRelu",
    "Log",
    "LogSoftmax",
    "MatMul",
    "Max",
    "MaxPool",
    "Mean",
    "MeanVarianceNormalization",
    "Min",
    "Mod",
    "Mul",
    "Neg",
    "PRelu",
    "Pad",
    "Pow",
    "Reciprocal",
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
    "Relu",
    "Reshape",
    "Resize",
    "Round",
    "Sigmoid",
    "Sin",
    "Slice",
    "Softmax",
    "Softplus",
    "Sqrt",
    "Squeeze",
    "Sub",
    "Tanh",
    "Transpose",
    "Unsqueeze",
];

/// Operators that give the dtype of all of their inputs.
const COMPUTING: [&str; 10] =
    ["Abs", "Add", "Clip", "Concat", "Div", "Max", "Min", "Mod", "Mul", "Sub"];

/// Refuses a model that uses anything of the above, or operators that are not ONNX's own: the library
/// goes by their names alone.
///
/// `clamps` is whether casts between floating-point dtypes make infinities finite. The library's own
/// implementation does, where its kernels for GPUs convert as the hardware does.
pub(crate) fn refuse(model: &ModelProto, clamps: bool) -> Result<()> {
    if !model.functions.is_empty() {
        return Err(Error::unsupported("the model has functions, which MIGraphX does not read"));
    }
    let mut known = Known::default();
    model.graph.iter().try_for_each(|graph| self::graph(graph, &mut known, clamps))
}

fn graph<'a>(graph: &'a GraphProto, known: &mut Known<'a>, clamps: bool) -> Result<()> {
    for input in &graph.input {
        let tensor = input.r#type.as_ref().and_then(|it| it.tensor_type.as_ref());
        let number = tensor.map_or(0, |it| it.elem_type);
        let kind = if is_discrete(number) { Kind::Discrete } else { Kind::Float };
        if DType::from_onnx(number).is_some() {
            known.kinds.insert(&input.name, kind);
        }
    }
    for tensor in &graph.initializer {
        known.kinds.extend(constant(tensor).map(|kind| (tensor.name.as_str(), kind)));
        if divides(tensor) {
            known.divisors.insert(&tensor.name);
        }
    }
    graph.node.iter().try_for_each(|it| node(it, known, clamps))
}

fn is_discrete(number: i32) -> bool {
    let float = [DType::F16, DType::F32, DType::F64, DType::Bf16];
    DType::from_onnx(number).is_some_and(|dtype| !float.contains(&dtype))
}

/// What is known of a constant.
fn constant(tensor: &TensorProto) -> Option<Kind> {
    if is_discrete(tensor.data_type) {
        return Some(Kind::Discrete);
    }
    let raw = &tensor.raw_data;
    let finite = match DType::from_onnx(tensor.data_type)? {
        DType::F32 => {
            let own = raw.as_chunks().0.iter().all(|it| f32::from_le_bytes(*it).is_finite());
            own && tensor.float_data.iter().all(|it| it.is_finite())
        }
        DType::F64 => {
            let own = raw.as_chunks().0.iter().all(|it| f64::from_le_bytes(*it).is_finite());
            own && tensor.double_data.iter().all(|it| it.is_finite())
        }
        _ => false,
    };
    Some(if finite { Kind::Finite } else { Kind::Float })
}

/// Whether integers can be divided by all numbers of a constant.
fn divides(tensor: &TensorProto) -> bool {
    let raw = &tensor.raw_data;
    let fits = |number: i64| number != 0 && number != -1;
    match DType::from_onnx(tensor.data_type) {
        Some(DType::I64) => {
            raw.as_chunks().0.iter().all(|it| fits(i64::from_le_bytes(*it)))
                && tensor.int64_data.iter().all(|it| fits(*it))
        }
        Some(DType::I32) => {
            raw.as_chunks().0.iter().all(|it| fits(i32::from_le_bytes(*it).into()))
                && tensor.int32_data.iter().all(|it| fits((*it).into()))
        }
        _ => false,
    }
}

// Graphs nest no deeper than the decoder, which has a limit, lets them.
fn node<'a>(node: &'a NodeProto, known: &mut Known<'a>, clamps: bool) -> Result<()> {
    if !matches!(&*node.domain, "" | "ai.onnx") {
        return Err(Error::unsupported(
            "the model uses operators that are not ONNX's own, which this device does not take",
        ));
    }
    let op = node.op_type.as_str();
    if let Some((operator, because)) = REFUSALS.iter().find(|(operator, _)| *operator == op) {
        return Err(wrong(operator, because));
    }
    let attribute = |name: &str| node.attribute.iter().find(|it| it.name == name);
    let name = |at: usize| node.input.get(at).map(String::as_str).unwrap_or_default();
    let kind = |at: usize| known.kinds.get(name(at)).copied();
    let tame = |at: usize| kind(at).filter(|kind| *kind != Kind::Float);
    let float = |at: usize| matches!(kind(at), Some(Kind::Float | Kind::Finite));
    let given = node.input.iter().filter(|it| !it.is_empty());
    let discrete = || given.clone().all(|it| known.kinds.get(it.as_str()) == Some(&Kind::Discrete));
    if op == "Div" && !float(0) && !float(1) && !known.divisors.contains(name(1)) {
        return Err(Error::unsupported(
            "the model divides integers by what may be zero, which ends the process on this device",
        ));
    }
    let gives = match op {
        "Cast" | "CastLike" => {
            let to = attribute("to").and_then(|it| i32::try_from(it.i).ok());
            let to_discrete = to.map_or_else(|| tame(1) == Some(Kind::Discrete), is_discrete);
            if clamps && !to_discrete && tame(0).is_none() {
                return Err(wrong(op, "makes infinities finite between floating-point dtypes"));
            }
            match to_discrete {
                true => Some(Kind::Discrete),
                false => to.map(|_| Kind::Float).or(kind(1)),
            }
        }
        "Constant" => node.attribute.iter().find_map(|it| match it.name.as_str() {
            "value" => it.t.as_ref().and_then(constant),
            "value_int" | "value_ints" => Some(Kind::Discrete),
            "value_float" => Some(if it.f.is_finite() { Kind::Finite } else { Kind::Float }),
            "value_floats" => Some(match it.floats.iter().all(|it| it.is_finite()) {
                true => Kind::Finite,
                false => Kind::Float,
            }),
            _ => None,
        }),
        "ConstantOfShape" => {
            attribute("value").map_or(Some(Kind::Finite), |it| it.t.as_ref().and_then(constant))
        }
        "Where" => match (kind(1), kind(2)) {
            (first, second) if first == second => first,
            _ => (float(1) && float(2)).then_some(Kind::Float),
        },
        _ if DISCRETE.contains(&op) => Some(Kind::Discrete),
        _ if MOVING.contains(&op) => kind(0),
        _ if COMPUTING.contains(&op) && discrete() => Some(Kind::Discrete),
        _ if FLOATING.contains(&op) => float(0).then_some(Kind::Float),
        _ => None,
    };
    for inner in node.attribute.iter().flat_map(|it| it.g.iter().chain(&it.graphs)) {
        graph(inner, &mut known.clone(), clamps)?;
    }
    if op == "Constant" {
        let tensor = node.attribute.iter().find_map(|it| it.t.as_ref()).is_some_and(divides);
        let whole = attribute("value_int").is_some_and(|it| it.i != 0 && it.i != -1);
        if tensor || whole {
            known.divisors.extend(node.output.iter().map(String::as_str));
        }
    }
    // Further outputs are of other dtypes often enough.
    if let (Some(kind), Some(name)) = (gives, node.output.first()) {
        known.kinds.insert(name, kind);
    }
    Ok(())
}

fn wrong(operator: &str, because: &str) -> Error {
    Error::unsupported(format!(
        "MIGraphX answers wrongly to the model's operator {operator}, used as it is there: it {because}"
    ))
}

#[cfg(test)]
mod tests {
    use godwit_backend::{DType, ErrorKind, Model};
    use godwit_fixtures::{dims, models, onnx};

    use super::*;
    use crate::outline::decode;

    fn outcome(bytes: Vec<u8>) -> Result<()> {
        refuse(&decode(&Model::onnx("m", bytes).parts()[0]).unwrap(), true)
    }

    fn cast(from: DType, to: i64) -> Vec<u8> {
        let mut graph = onnx::Graph::new("cast");
        graph.input("x", from, dims!["n", 1]);
        graph.initializer("axes", [1], &[1i64]);
        graph.node("Squeeze", ["x", "axes"], "row");
        graph.node("Cast", "row", "y").int("to", to);
        graph.output("y", DType::F32, ["n"]);
        graph.into_bytes()
    }

    #[test]
    fn what_may_be_infinite_is_not_cast_between_floating_point_dtypes() {
        const FLOAT: i64 = 1;
        const INT64: i64 = 7;
        outcome(cast(DType::I64, FLOAT)).unwrap();
        outcome(cast(DType::Bool, FLOAT)).unwrap();
        outcome(cast(DType::F64, INT64)).unwrap();
        for from in [DType::F64, DType::F16, DType::Bf16, DType::F32] {
            let error = outcome(cast(from, FLOAT)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{from}: {error}");
            let model = Model::onnx("m", cast(from, FLOAT));
            refuse(&decode(&model.parts()[0]).unwrap(), false).unwrap();
        }
    }

    #[test]
    fn integers_are_divided_by_constants_only() {
        let divide = |dtype: DType, by: Option<i64>| {
            let mut graph = onnx::Graph::new("divide");
            graph.input("x", dtype, ["n"]);
            match by {
                Some(by) => graph.initializer("by", [1], &[by]),
                None => graph.input("by", dtype, ["n"]),
            };
            graph.node("Div", ["x", "by"], "y");
            graph.output("y", dtype, ["n"]);
            outcome(graph.into_bytes())
        };
        divide(DType::F32, None).unwrap();
        divide(DType::I64, Some(2)).unwrap();
        for by in [None, Some(0), Some(-1)] {
            let error = divide(DType::I64, by).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{by:?}: {error}");
        }
        divide(DType::I32, None).unwrap_err();
    }

    #[test]
    fn operators_that_are_not_onnxs_own_are_refused_by_their_domain() {
        outcome(models::add()).unwrap();
        let bad = models::bad_models().into_iter().find(|it| it.name == "wrong-domain").unwrap();
        assert_eq!(outcome(bad.bytes).unwrap_err().kind(), ErrorKind::Unsupported);
    }
}
