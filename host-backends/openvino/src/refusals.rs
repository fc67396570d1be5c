use godwit_onnx::{Refusal, Use};

/// What takes quantised numbers for the numbers that they stand for.
const QUANTISED: &[&str] = &[
    "ConvInteger",
    "DequantizeLinear",
    "MatMulInteger",
    "QAttention",
    "QGemm",
    "QLinearAdd",
    "QLinearConv",
    "QLinearMatMul",
];

/// A neighbouring step is as good for operators that compute with quantised numbers, but not for others.
const SHOWN: Use = Use::ReadByOthersThan(QUANTISED);

/// What OpenVINO gets wrong, found by ONNX's operator tests (`cargo xtask coverage`).
static REFUSALS: [Refusal; 17] = [
    Refusal::new(
        "Attention",
        Use::All(&[Use::Not("is_causal", 0), Use::Input(4)]),
        "hides the wrong keys after a past",
    ),
    Refusal::new("DFT", Use::Not("onesided", 0), "gives another shape"),
    Refusal::new("DynamicQuantizeLinear", SHOWN, "may round to a neighbouring step"),
    Refusal::new("GRU", Use::Not("layout", 0), "mixes up batch and steps"),
    Refusal::new("LSTM", Use::Not("layout", 0), "mixes up batch and steps"),
    Refusal::new("LSTM", Use::Input(7), "leaves out the peepholes"),
    Refusal::new("MaxPool", Use::Where(has_sparse_windows), "counts windows that begin outside"),
    Refusal::new("NonMaxSuppression", Use::Any, "drops boxes at the threshold itself"),
    Refusal::new("QuantizeLinear", SHOWN, "may round to a neighbouring step"),
    Refusal::new("RNN", Use::Not("layout", 0), "mixes up batch and steps"),
    Refusal::new("ReduceMax", Use::EmptyInput, "takes a finite number for the least of all"),
    Refusal::new("Resize", Use::Not("antialias", 0), "does not smooth"),
    Refusal::new("Resize", Use::Not("exclude_outside", 0), "counts what is outside"),
    Refusal::new(
        "Resize",
        Use::OtherText("keep_aspect_ratio_policy", "stretch"),
        "does not keep the ratio",
    ),
    Refusal::new("RoiAlign", Use::Text("mode", "max"), "takes the greatest of other points"),
    Refusal::new("Tile", Use::VariableInput(1), UNWRITTEN),
    Refusal::new("TopK", Use::Any, "picks another of equal values"),
];

pub(crate) const UNWRITTEN: &str = "may leave its output unwritten";

/// The uses of operators that OpenVINO gets wrong. A model with one of them is not loaded.
pub fn refusals() -> &'static [Refusal] {
    &REFUSALS
}

/// Whether sizes are rounded up, and windows are further apart than they are wide.
fn has_sparse_windows(site: &godwit_onnx::Site<'_, '_>) -> bool {
    let ints = |name| site.node.attribute(name).map_or(&[][..], |it| &it.ints);
    let mut windows = ints("kernel_shape").iter().zip(ints("strides"));
    site.node.attribute("ceil_mode").is_some_and(|it| it.i() != 0)
        && windows.any(|(size, stride)| stride > size)
}

#[cfg(test)]
mod tests {
    use godwit_backend::{DType, ErrorKind, Result};
    use godwit_fixtures::onnx::Graph;
    use godwit_onnx::{decode, refuse};

    use super::*;

    fn outcome(graph: Graph) -> Result<()> {
        refuse(&decode(&graph.into_bytes().into()).unwrap(), "OpenVINO", refusals())
    }

    #[test]
    fn a_use_is_refused_and_another_of_the_same_operator_is_not() {
        let resize = |antialias: Option<i64>| {
            let mut graph = Graph::new("resize");
            let node = graph.node("Resize", ["x", "y"], "z");
            antialias.map(|antialias| node.int("antialias", antialias));
            outcome(graph)
        };
        let error = resize(Some(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("Resize"), "{error}");
        resize(Some(0)).unwrap();
        resize(None).unwrap();
        let mut other = Graph::new("other");
        other.node("TopK", "x", "y").domain("com.example");
        outcome(other).unwrap();
    }

    #[test]
    fn windows_that_leave_gaps_are_refused_where_sizes_are_rounded_up() {
        let pool = |stride: i64, ceil: i64| {
            let mut graph = Graph::new("pool");
            let node = graph.node("MaxPool", "x", "y").ints("kernel_shape", [2, 2]);
            node.ints("strides", [1, stride]).int("ceil_mode", ceil);
            outcome(graph)
        };
        assert!(pool(3, 1).is_err());
        pool(2, 1).unwrap();
        pool(3, 0).unwrap();
    }

    #[test]
    fn quantised_numbers_are_for_operators_that_expect_them() {
        let quantised = |reader: &str, output: &str| {
            let mut graph = Graph::new("quantised");
            graph.node("QuantizeLinear", "x", "q");
            graph.node(reader, "q", "y");
            graph.output(output, DType::U8, [1]);
            outcome(graph)
        };
        quantised("DequantizeLinear", "y").unwrap();
        assert!(quantised("Identity", "y").is_err());
        assert!(quantised("DequantizeLinear", "q").is_err());
    }

    #[test]
    fn what_is_inside_a_branch_is_refused_too() {
        let mut branch = Graph::new("branch");
        branch.node("TopK", ["x", "k"], "y");
        let mut graph = Graph::new("outer");
        graph.node("If", "yes", "y").graph("then_branch", branch);
        assert!(outcome(graph).is_err());
    }
}
