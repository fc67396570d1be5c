//! What the library would answer wrongly, found by ONNX's operator tests (`cargo xtask coverage`).
//!
//! A model that uses any of it is refused at load: a wrong answer is worse than none.

use godwit_backend::{Error, Result};

use crate::proto::{GraphProto, ModelProto, NodeProto, ValueInfoProto};

/// One use of an operator, and what the library makes of it.
struct Refusal {
    operator: &'static str,
    when: When,
    because: &'static str,
}

/// Which uses of an operator are meant.
enum When {
    Always,
    /// An attribute has another integer than the one it is safe with.
    Not(&'static str, i64),
    /// An attribute has this text.
    Text(&'static str, &'static str),
    /// An attribute has a text other than this.
    OtherText(&'static str, &'static str),
    /// The input at this place is given.
    Input(usize),
    /// An attribute is not 0, and the input at this place is given.
    NotZeroAnd(&'static str, usize),
    /// Its first input is said to have no elements.
    Empty,
    /// The input at this place is not a constant of the model's own graph.
    Varying(usize),
    /// Rounding up, with windows that are further apart than they are wide.
    SparseCeil,
    /// What it gives goes elsewhere than into operators that compute with quantised numbers, to which a
    /// neighbouring step is as good.
    Shown,
}

/// What takes quantised numbers for the numbers that they stand for.
const QUANTISED: [&str; 8] = [
    "ConvInteger",
    "DequantizeLinear",
    "MatMulInteger",
    "QAttention",
    "QGemm",
    "QLinearAdd",
    "QLinearConv",
    "QLinearMatMul",
];

const REFUSALS: [Refusal; 17] = [
    Refusal::new(
        "Attention",
        When::NotZeroAnd("is_causal", 4),
        "hides the wrong keys after a past",
    ),
    Refusal::new("DFT", When::Not("onesided", 0), "gives another shape"),
    Refusal::new("DynamicQuantizeLinear", When::Shown, "may round to a neighbouring step"),
    Refusal::new("GRU", When::Not("layout", 0), "mixes up batch and steps"),
    Refusal::new("LSTM", When::Not("layout", 0), "mixes up batch and steps"),
    Refusal::new("LSTM", When::Input(7), "leaves out the peepholes"),
    Refusal::new("MaxPool", When::SparseCeil, "counts windows that begin outside"),
    Refusal::new("NonMaxSuppression", When::Always, "drops boxes at the threshold itself"),
    Refusal::new("QuantizeLinear", When::Shown, "may round to a neighbouring step"),
    Refusal::new("RNN", When::Not("layout", 0), "mixes up batch and steps"),
    Refusal::new("ReduceMax", When::Empty, "takes a finite number for the least of all"),
    Refusal::new("Resize", When::Not("antialias", 0), "does not smooth"),
    Refusal::new("Resize", When::Not("exclude_outside", 0), "counts what is outside"),
    Refusal::new(
        "Resize",
        When::OtherText("keep_aspect_ratio_policy", "stretch"),
        "does not keep the ratio",
    ),
    Refusal::new("RoiAlign", When::Text("mode", "max"), "takes the greatest of other points"),
    Refusal::new("Tile", When::Varying(1), "may leave its output unwritten"),
    Refusal::new("TopK", When::Always, "picks another of equal values"),
];

/// Refuses an ONNX model if it uses anything of the above.
pub(crate) fn refuse(model: &ModelProto) -> Result<()> {
    let nodes = model.graph.iter().flat_map(|graph| &graph.node);
    let mut nodes = nodes.chain(model.functions.iter().flat_map(|it| &it.node));
    nodes.try_for_each(|it| node(it, model.graph.as_ref()))
}

// Graphs nest no deeper than the decoder, which has a limit, lets them.
fn node(node: &NodeProto, model: Option<&GraphProto>) -> Result<()> {
    let standard = matches!(&*node.domain, "" | "ai.onnx");
    let refusal = REFUSALS
        .iter()
        .find(|it| standard && it.operator == node.op_type && it.when.holds(node, model));
    if let Some(Refusal { operator, because, .. }) = refusal {
        return Err(Error::unsupported(format!(
            "OpenVINO answers wrongly to the model's operator {operator}, used as it is there: it \
             {because}"
        )));
    }
    let graphs = node.attribute.iter().flat_map(|it| it.g.iter().chain(&it.graphs));
    graphs.flat_map(|graph| &graph.node).try_for_each(|it| self::node(it, None))
}

impl Refusal {
    const fn new(operator: &'static str, when: When, because: &'static str) -> Self {
        Self { operator, when, because }
    }
}

impl When {
    fn holds(&self, node: &NodeProto, model: Option<&GraphProto>) -> bool {
        let attribute = |name: &str| node.attribute.iter().find(|it| it.name == name);
        let int = |name| attribute(name).map(|it| it.i);
        let text = |name| attribute(name).map(|it| it.s.as_slice());
        let input = |at: usize| node.input.get(at).is_some_and(|name| !name.is_empty());
        match *self {
            Self::Always => true,
            Self::Not(name, safe) => int(name).is_some_and(|it| it != safe),
            Self::Text(name, wrong) => text(name) == Some(wrong.as_bytes()),
            Self::OtherText(name, safe) => text(name).is_some_and(|it| it != safe.as_bytes()),
            Self::Input(at) => input(at),
            Self::NotZeroAnd(name, at) => int(name).is_some_and(|it| it != 0) && input(at),
            Self::Empty => model.is_some_and(|model| {
                let first = node.input.first();
                let mut values = model.input.iter().chain(&model.value_info);
                values.any(|value| first == Some(&value.name) && is_empty(value))
            }),
            Self::Varying(at) => !model.is_some_and(|model| {
                let constants = model.node.iter().filter(|it| it.op_type == "Constant");
                let constants = constants.flat_map(|it| &it.output);
                let mut names = constants.chain(model.initializer.iter().map(|it| &it.name));
                names.any(|name| node.input.get(at) == Some(name))
            }),
            Self::Shown => !model.is_some_and(|model| {
                let Some(given) = node.output.first() else { return true };
                let takers = model.node.iter().filter(|it| it.input.contains(given));
                let told = model.output.iter().any(|output| output.name == *given);
                !told && takers.into_iter().all(|it| QUANTISED.contains(&&*it.op_type))
            }),
            Self::SparseCeil => {
                let ints = |name| attribute(name).map(|it| it.ints.as_slice()).unwrap_or_default();
                let windows = ints("kernel_shape").iter().zip(ints("strides"));
                int("ceil_mode").is_some_and(|it| it != 0)
                    && windows.into_iter().any(|(size, stride)| stride > size)
            }
        }
    }
}

/// Whether the file says that there are no elements.
fn is_empty(value: &ValueInfoProto) -> bool {
    let tensor = value.r#type.as_ref().and_then(|it| it.tensor_type.as_ref());
    let shape = tensor.and_then(|it| it.shape.as_ref());
    shape.is_some_and(|shape| shape.dim.iter().any(|dim| dim.size == Some(0)))
}

#[cfg(test)]
mod tests {
    use godwit_backend::ErrorKind;

    use super::*;
    use crate::proto::AttributeProto;

    fn model(operator: &str, attribute: Option<AttributeProto>) -> ModelProto {
        let node = NodeProto {
            op_type: operator.into(),
            input: vec!["x".into(), "y".into()],
            attribute: attribute.into_iter().collect(),
            ..NodeProto::default()
        };
        let graph = GraphProto { node: vec![node], ..Default::default() };
        ModelProto { graph: Some(graph), functions: Vec::new() }
    }

    #[test]
    fn a_use_is_refused_and_another_of_the_same_operator_is_not() {
        let smooth = |i| AttributeProto { name: "antialias".into(), i, ..Default::default() };
        let error = refuse(&model("Resize", Some(smooth(1)))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("Resize"), "{error}");
        refuse(&model("Resize", Some(smooth(0)))).unwrap();
        refuse(&model("Resize", None)).unwrap();
        refuse(&model("ReduceMax", None)).unwrap();
    }

    #[test]
    fn quantised_numbers_are_for_operators_that_expect_them() {
        let quantised = |taker: &str| {
            let node = |op_type: &str, input: &str, output: &str| NodeProto {
                op_type: op_type.into(),
                input: vec![input.into()],
                output: vec![output.into()],
                ..NodeProto::default()
            };
            let nodes = vec![node("QuantizeLinear", "x", "q"), node(taker, "q", "y")];
            let output = vec![ValueInfoProto { name: "y".into(), ..Default::default() }];
            let graph = GraphProto { node: nodes, output, ..Default::default() };
            ModelProto { graph: Some(graph), functions: Vec::new() }
        };
        refuse(&quantised("DequantizeLinear")).unwrap();
        assert!(refuse(&quantised("Identity")).is_err());
        let mut told = quantised("DequantizeLinear");
        told.graph.as_mut().unwrap().output[0].name = "q".into();
        assert!(refuse(&told).is_err());
    }

    #[test]
    fn what_is_inside_a_branch_is_refused_too() {
        let inner = model("TopK", None).graph;
        let branch = AttributeProto { name: "then_branch".into(), g: inner, ..Default::default() };
        assert!(refuse(&model("If", Some(branch))).is_err());
    }
}
