//! What the library would answer wrongly, found by ONNX's operator tests (`cargo xtask coverage`).
//!
//! A model that uses any of it is refused at load: a wrong answer is worse than none.

use std::collections::HashMap;

use godwit_backend::{DType, Error, Result};

use crate::outline::dtype;
use crate::proto::{GraphProto, ModelProto, NodeProto, TensorProto};

/// Operators that are answered wrongly however they are used, and how.
const REFUSALS: [(&str, &str); 3] = [
    ("ConvInteger", "leaves out the zero point"),
    ("NegativeLogLikelihoodLoss", "counts what is to be ignored, and ends the process"),
    ("SoftmaxCrossEntropyLoss", "counts what is to be ignored, and ends the process"),
];

/// What is known of a value that holds no infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tame {
    /// Integers or truths.
    Discrete,
    /// Numbers of the model's own, all finite.
    Finite,
}

type Known<'a> = HashMap<&'a str, Tame>;

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
    let mut known = Known::new();
    model.graph.iter().try_for_each(|graph| self::graph(graph, &mut known, clamps))
}

fn graph<'a>(graph: &'a GraphProto, known: &mut Known<'a>, clamps: bool) -> Result<()> {
    known.extend(graph.initializer.iter().filter_map(|it| Some((it.name.as_str(), constant(it)?))));
    for input in &graph.input {
        let tensor = input.r#type.as_ref().and_then(|it| it.tensor_type.as_ref());
        // The caller may give an initialised input other numbers.
        match tensor.is_some_and(|it| is_discrete(it.elem_type)) {
            true => known.insert(&input.name, Tame::Discrete),
            false => known.remove(input.name.as_str()),
        };
    }
    graph.node.iter().try_for_each(|it| node(it, known, clamps))
}

fn is_discrete(number: i32) -> bool {
    let float = [DType::F16, DType::F32, DType::F64, DType::Bf16];
    dtype(number).is_some_and(|dtype| !float.contains(&dtype))
}

/// What is known of a constant.
fn constant(tensor: &TensorProto) -> Option<Tame> {
    if is_discrete(tensor.data_type) {
        return Some(Tame::Discrete);
    }
    let raw = &tensor.raw_data;
    let finite = match dtype(tensor.data_type)? {
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
    finite.then_some(Tame::Finite)
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
    let tame = |at: usize| node.input.get(at).and_then(|it| known.get(it.as_str())).copied();
    let given = node.input.iter().filter(|it| !it.is_empty());
    let discrete = || given.clone().all(|it| known.get(it.as_str()) == Some(&Tame::Discrete));
    let gives = match op {
        "Cast" | "CastLike" => {
            let to = attribute("to").and_then(|it| i32::try_from(it.i).ok());
            let to_discrete = to.map_or_else(|| tame(1) == Some(Tame::Discrete), is_discrete);
            if clamps && !to_discrete && tame(0).is_none() {
                return Err(wrong(op, "makes infinities finite between floating-point dtypes"));
            }
            to_discrete.then_some(Tame::Discrete)
        }
        "Constant" => node.attribute.iter().find_map(|it| match it.name.as_str() {
            "value" => it.t.as_ref().and_then(constant),
            "value_int" | "value_ints" => Some(Tame::Discrete),
            "value_float" => it.f.is_finite().then_some(Tame::Finite),
            "value_floats" => it.floats.iter().all(|it| it.is_finite()).then_some(Tame::Finite),
            _ => None,
        }),
        "ConstantOfShape" => {
            attribute("value").map_or(Some(Tame::Finite), |it| it.t.as_ref().and_then(constant))
        }
        "Where" => tame(1).filter(|first| tame(2) == Some(*first)),
        _ if DISCRETE.contains(&op) => Some(Tame::Discrete),
        _ if MOVING.contains(&op) => tame(0),
        _ if COMPUTING.contains(&op) => discrete().then_some(Tame::Discrete),
        _ => None,
    };
    for inner in node.attribute.iter().flat_map(|it| it.g.iter().chain(&it.graphs)) {
        graph(inner, &mut known.clone(), clamps)?;
    }
    known.extend(
        gives.into_iter().flat_map(|it| node.output.iter().map(move |name| (name.as_str(), it))),
    );
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
    fn operators_that_are_not_onnxs_own_are_refused_by_their_domain() {
        outcome(models::add()).unwrap();
        let bad = models::bad_models().into_iter().find(|it| it.name == "wrong-domain").unwrap();
        assert_eq!(outcome(bad.bytes).unwrap_err().kind(), ErrorKind::Unsupported);
    }
}
