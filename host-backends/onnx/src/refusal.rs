//! Uses of operators that an engine gets wrong: a table of each engine, of one type for all.

use godwit_backend::{Error, Result};

use crate::schema::DimensionValue;
use crate::schema::{ModelProto, ValueInfoProto};
use crate::trace::{Site, trace};

/// A use of one of ONNX's own operators that an engine gets wrong. A model with it is refused at load, for
/// a wrong answer is worse than none.
#[derive(Debug, Clone, Copy)]
pub struct Refusal {
    /// The operator.
    pub operator: &'static str,
    /// Which uses of it are meant.
    pub when: Use,
    /// What the engine does then: "does not smooth".
    pub because: &'static str,
}

/// Some uses of an operator.
#[derive(Debug, Clone, Copy)]
pub enum Use {
    /// All of them.
    Any,
    /// Those where an attribute has another integer than this.
    Not(&'static str, i64),
    /// Those where an attribute has this text.
    Text(&'static str, &'static str),
    /// Those where an attribute has another text than this.
    OtherText(&'static str, &'static str),
    /// Those with an input at this place.
    Input(usize),
    /// Those with an output at this place.
    Output(usize),
    /// Those that all of these are.
    All(&'static [Self]),
    /// Those whose first input has no elements, as the file says.
    EmptyInput,
    /// Those whose input at this place is no constant of the model's own graph.
    VariableInput(usize),
    /// Those whose output goes elsewhere than into these operators.
    ReadByOthersThan(&'static [&'static str]),
    /// Those of which this holds.
    Where(fn(&Site<'_, '_>) -> bool),
}

/// Refuses a model with a use that is listed.
///
/// # Errors
///
/// `Unsupported`, with the operator and the reason. `engine` is what the message calls the engine.
pub fn refuse<'a>(
    model: &ModelProto,
    engine: &str,
    refusals: impl IntoIterator<Item = &'a Refusal> + Clone,
) -> Result<()> {
    trace(model, |site| {
        let mut refusals = refusals.clone().into_iter();
        let Some(refusal) = refusals.find(|it| it.applies(&site)) else { return Ok(()) };
        Err(Error::unsupported(format!(
            "the operator {} is not supported as this model uses it: {engine} {}",
            refusal.operator, refusal.because
        )))
    })
}

impl Refusal {
    /// A row of a table.
    pub const fn new(operator: &'static str, when: Use, because: &'static str) -> Self {
        Self { operator, when, because }
    }

    /// Whether a node is such a use.
    pub fn applies(&self, site: &Site<'_, '_>) -> bool {
        site.node.is_standard() && self.operator == site.node.op_type() && self.when.holds(site)
    }
}

impl Use {
    fn holds(&self, site: &Site<'_, '_>) -> bool {
        let node = site.node;
        let main = site.body.graph.filter(|_| site.body.is_main());
        let text = |name| node.attribute(name).and_then(|it| it.s.as_deref());
        match *self {
            Self::Any => true,
            Self::Not(name, safe) => node.attribute(name).is_some_and(|it| it.i() != safe),
            Self::Text(name, wrong) => text(name) == Some(wrong.as_bytes()),
            Self::OtherText(name, safe) => text(name).is_some_and(|it| it != safe.as_bytes()),
            Self::Input(at) => !node.input_at(at).is_empty(),
            Self::Output(at) => node.output.get(at).is_some_and(|name| !name.is_empty()),
            Self::All(uses) => uses.iter().all(|it| it.holds(site)),
            Self::EmptyInput => main.is_some_and(|graph| {
                let mut values = graph.input.iter().chain(&graph.value_info);
                values.any(|value| value.name() == node.input_at(0) && is_empty(value))
            }),
            Self::VariableInput(at) => main.is_none() || site.input(at).constant.is_none(),
            Self::ReadByOthersThan(operators) => !main.is_some_and(|graph| {
                let given = node.first_output();
                let mut readers = graph.node.iter().filter(|it| it.given().any(|it| it == given));
                let is_output = graph.output.iter().any(|output| output.name() == given);
                given.is_empty()
                    || (!is_output && readers.all(|it| operators.contains(&it.op_type())))
            }),
            Self::Where(holds) => holds(site),
        }
    }
}

/// Whether the file says that a value has no elements.
fn is_empty(value: &ValueInfoProto) -> bool {
    let shape = value.tensor_type().and_then(|it| it.shape.as_ref());
    let mut dims = shape.iter().flat_map(|shape| &shape.dim);
    dims.any(|dim| dim.value == Some(DimensionValue::Value(0)))
}
