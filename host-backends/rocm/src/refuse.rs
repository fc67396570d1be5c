//! What the library would answer wrongly, found by ONNX's operator tests (`cargo xtask coverage`).
//!
//! A model that uses any of it is refused at load: a wrong answer is worse than none.

use godwit_backend::{Error, Result};

use crate::proto::{GraphProto, ModelProto, NodeProto};

/// One use of an operator, and what the library makes of it.
struct Refusal {
    operator: &'static str,
    when: When,
    because: &'static str,
}

/// Which uses of an operator are meant.
enum When {
    Always,
}

const REFUSALS: [Refusal; 0] = [];

/// Refuses a model that uses anything of the above, or operators that are not ONNX's own: the library
/// goes by their names alone.
pub(crate) fn refuse(model: &ModelProto) -> Result<()> {
    if !model.functions.is_empty() {
        return Err(Error::unsupported("the model has functions, which MIGraphX does not read"));
    }
    model.graph.iter().flat_map(|graph| &graph.node).try_for_each(node)
}

// Graphs nest no deeper than the decoder, which has a limit, lets them.
fn node(node: &NodeProto) -> Result<()> {
    if !matches!(&*node.domain, "" | "ai.onnx") {
        return Err(Error::unsupported(
            "the model uses operators that are not ONNX's own, which this device does not take",
        ));
    }
    let refusal = REFUSALS.iter().find(|it| it.operator == node.op_type && it.when.holds(node));
    if let Some(Refusal { operator, because, .. }) = refusal {
        return Err(Error::unsupported(format!(
            "MIGraphX answers wrongly to the model's operator {operator}, used as it is there: it \
             {because}"
        )));
    }
    let graphs = node.attribute.iter().flat_map(|it| it.g.iter().chain(&it.graphs));
    graphs.flat_map(|graph: &GraphProto| &graph.node).try_for_each(self::node)
}

impl When {
    fn holds(&self, _node: &NodeProto) -> bool {
        match *self {
            Self::Always => true,
        }
    }
}
