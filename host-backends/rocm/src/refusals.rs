use godwit_backend::{DType, Error, Result};
use godwit_onnx::schema::ModelProto;
use godwit_onnx::{Kind, Refusal, Site, Use, nodes, refuse};

/// What MIGraphX gets wrong, found by ONNX's operator tests (`cargo xtask coverage`).
static REFUSALS: [Refusal; 5] = [
    Refusal::new("ConvInteger", Use::Any, "leaves out the zero point"),
    Refusal::new(
        "Div",
        Use::Where(may_divide_integers_by_zero),
        "ends the process when it divides an integer by zero",
    ),
    Refusal::new(
        "GatherElements",
        Use::Where(counts_from_the_end),
        "counts from the end of all rows instead of one",
    ),
    Refusal::new("NegativeLogLikelihoodLoss", Use::Any, IGNORES),
    Refusal::new("SoftmaxCrossEntropyLoss", Use::Any, IGNORES),
];

const IGNORES: &str = "counts what is to be ignored, and ends the process";

/// What its own implementation on the processor gets wrong besides. Kernels for GPUs convert as the
/// hardware does.
static REFERENCE: [Refusal; 2] = [
    Refusal::new("Cast", Use::Where(may_cast_an_infinity), CLAMPS),
    Refusal::new("CastLike", Use::Where(may_cast_an_infinity), CLAMPS),
];

const CLAMPS: &str = "makes infinities finite between floating-point dtypes";

/// The uses of operators that MIGraphX gets wrong. A model with one of them is not loaded.
pub fn refusals() -> &'static [Refusal] {
    &REFUSALS
}

/// The uses of operators that only MIGraphX's reference implementation gets wrong.
pub fn reference_refusals() -> &'static [Refusal] {
    &REFERENCE
}

/// Refuses a model that uses anything of the above, or operators that are not ONNX's own: the library goes
/// by their names alone.
pub(crate) fn check(model: &ModelProto, is_reference: bool) -> Result<()> {
    if !model.functions.is_empty() {
        return Err(Error::unsupported("the model has functions, which MIGraphX does not read"));
    }
    if nodes(model).any(|node| !node.is_standard()) {
        return Err(Error::unsupported(
            "the model uses operators that are not ONNX's own, which this device does not support",
        ));
    }
    let own = reference_refusals().iter().filter(|_| is_reference);
    refuse(model, "MIGraphX", refusals().iter().chain(own))
}

fn may_divide_integers_by_zero(site: &Site<'_, '_>) -> bool {
    let float = |at| matches!(site.input(at).kind, Some(Kind::Float | Kind::Finite));
    // The least integer cannot be divided by -1 either.
    let divides = |number: i64| number != 0 && number != -1;
    let divisors = site.input(1).constant.and_then(|it| it.integers());
    !float(0) && !float(1) && !divisors.is_some_and(|mut divisors| divisors.all(divides))
}

/// Whether it takes constant places, some of which count from the end.
fn counts_from_the_end(site: &Site<'_, '_>) -> bool {
    let places = site.input(1);
    let is_counted_from_the_start = || {
        let numbers = places.constant.and_then(|it| it.integers());
        numbers.is_some_and(|mut numbers| numbers.all(|number| number >= 0))
    };
    places.fixed && !is_counted_from_the_start()
}

/// Whether it casts what may hold infinities to a floating-point dtype.
fn may_cast_an_infinity(site: &Site<'_, '_>) -> bool {
    let to = site.node.attribute("to").map(|it| i32::try_from(it.i()).ok());
    let to_discrete = match to {
        Some(number) => {
            number.and_then(DType::from_onnx).is_some_and(|it| Kind::from(it) == Kind::Discrete)
        }
        None => site.input(1).kind == Some(Kind::Discrete),
    };
    let tame = matches!(site.input(0).kind, Some(Kind::Discrete | Kind::Finite));
    !to_discrete && !tame
}

#[cfg(test)]
mod tests {
    use godwit_backend::{DType, ErrorKind};
    use godwit_fixtures::{dims, models, onnx};
    use godwit_onnx::decode;

    use super::*;
    fn outcome(bytes: Vec<u8>) -> Result<()> {
        check(&decode(&bytes.into()).unwrap(), true)
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
            check(&decode(&cast(from, FLOAT).into()).unwrap(), false).unwrap();
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
