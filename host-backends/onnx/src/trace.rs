//! What is known of each value before a run: where it comes from, and what follows from the file alone.

use std::collections::HashMap;

use godwit_backend::DType;

use crate::constant::Constant;
use crate::operators::{self, Elements, OutputDtype};
use crate::schema::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use crate::walk::Body;
use crate::walls;

/// What is known of a value before a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origin<'a> {
    /// The model's input that it is, passed on unchanged.
    pub input: Option<usize>,
    /// The model's input whose numbers it holds, perhaps in another shape or dtype.
    pub numbers: Option<usize>,
    /// Its value, where the file holds it.
    pub constant: Option<Constant<'a>>,
    /// Whether it is the same in every run with inputs of the same dimensions: what those inputs hold has
    /// no influence on it.
    pub fixed: bool,
    /// What its elements are.
    pub kind: Option<Kind>,
    /// The model's inputs that must have elements for this value to have some, one a bit; nothing where even that
    /// would not say.
    pub filled: Option<u64>,
}

/// What the elements of a value are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Integers or truths.
    Discrete,
    /// Floating-point numbers that the file holds, all finite.
    Finite,
    /// Floating-point numbers.
    Float,
}

/// Values by name, in the graph at hand and in those around it.
#[derive(Debug, Default)]
pub struct Values<'a> {
    scopes: Vec<HashMap<&'a str, Origin<'a>>>,
    inputs: Vec<&'a ValueInfoProto>,
}

/// A node, and what is known where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Site<'t, 'a> {
    /// The node.
    pub node: &'a NodeProto,
    /// What it is in.
    pub body: Body<'a>,
    /// The values that it can read.
    pub values: &'t Values<'a>,
}

/// Calls `visit` for every node of `model`, subgraphs and functions included, in the order of the file. A
/// node is visited before those inside it.
///
/// # Errors
///
/// What `visit` gives.
pub fn trace<'a, E>(
    model: &'a ModelProto,
    visit: impl FnMut(Site<'_, 'a>) -> Result<(), E>,
) -> Result<(), E> {
    let inputs = model.graph.iter().flat_map(GraphProto::callers_inputs).collect();
    let mut tracer = Tracer { values: Values { scopes: Vec::new(), inputs }, visit };
    model.graph.iter().try_for_each(|graph| tracer.body(Body::of_graph(graph, 0)))?;
    model.functions.iter().try_for_each(|it| tracer.body(Body::of_function(it)))
}

impl<'a> Values<'a> {
    /// What is known of the value of a name. The innermost graph that has the name counts.
    pub fn get(&self, name: &str) -> Origin<'a> {
        let scopes = self.scopes.iter().rev();
        scopes.filter_map(|scope| scope.get(name)).next().copied().unwrap_or_default()
    }

    /// The model's inputs, as a caller gives them.
    pub fn inputs(&self) -> &[&'a ValueInfoProto] {
        &self.inputs
    }
}

impl<'a> Site<'_, 'a> {
    /// What is known of the node's input at a place.
    pub fn input(&self, at: usize) -> Origin<'a> {
        self.values.input(self.node, at)
    }

    /// How many elements the node makes out of a few constant numbers, as a `ConstantOfShape` does;
    /// `i64::MAX` stands for more than that.
    pub fn generated(&self) -> Option<i64> {
        let sizes = match self.node.op_type() {
            "ConstantOfShape" => 0,
            "Expand" | "Tile" => 1,
            _ => return None,
        };
        Some(self.input(sizes).constant?.volume()?.unwrap_or(i64::MAX))
    }

    /// Whether the dimensions of what it reads say how much work it is and how large its outputs are.
    pub fn is_shape_determined(&self) -> bool {
        let operator = operators::of(self.node.op_type());
        let free = |at: &usize| !self.node.input_at(*at).is_empty() && !self.input(*at).fixed;
        !operator.control_flow && !self.node.has_subgraphs() && !operator.sized_by.iter().any(free)
    }
}

impl<'a> Values<'a> {
    fn input(&self, node: &NodeProto, at: usize) -> Origin<'a> {
        self.get(node.input_at(at))
    }

    fn declare(&mut self, body: Body<'a>) {
        let outputs = body.nodes.iter().flat_map(|node| &node.output);
        let outputs = outputs.map(|name| (name.as_str(), Origin::default()));
        let mut scope: HashMap<&str, Origin<'a>> = outputs.collect();
        for name in body.function.iter().flat_map(|it| &it.input) {
            scope.insert(name, Origin::default());
        }
        for input in body.graph.iter().flat_map(|it| &it.input) {
            let dtype = input.tensor_type().and_then(|it| DType::from_onnx(it.elem_type()));
            scope.insert(input.name(), Origin { kind: dtype.map(Kind::from), ..Origin::default() });
        }
        if body.is_main() {
            for (at, input) in self.inputs.iter().enumerate() {
                let origin = scope.entry(input.name()).or_default();
                (origin.input, origin.numbers) = (Some(at), Some(at));
                origin.filled = u32::try_from(at).ok().and_then(|at| 1u64.checked_shl(at));
            }
        }
        for tensor in body.graph.iter().flat_map(|it| &it.initializer) {
            scope.insert(tensor.name(), constant(Constant::Tensor(tensor)));
        }
        for sparse in body.graph.iter().flat_map(|it| &it.sparse_initializer) {
            let name = sparse.values.as_ref().map_or("", TensorProto::name);
            scope.insert(name, Origin { fixed: true, ..Origin::default() });
        }
        self.scopes.push(scope);
    }

    fn give(&mut self, node: &'a NodeProto) {
        let first = self.origin(node);
        let Some(scope) = self.scopes.last_mut() else { return };
        for (at, name) in node.output.iter().enumerate() {
            // Of further outputs, which are often of another dtype, less is known.
            let other = Origin { fixed: first.fixed, ..Origin::default() };
            scope.insert(name, if at == 0 { first } else { other });
        }
    }

    /// What is known of a node's first output.
    fn origin(&self, node: &'a NodeProto) -> Origin<'a> {
        if node.op_type() == "Constant" {
            let known = Constant::of(node).map(constant);
            return Origin { fixed: true, ..known.unwrap_or_default() };
        }
        let operator = operators::of(node.op_type());
        let first = self.input(node, 0);
        let kept = operator.elements == Elements::Kept;
        let settled = operator.reads_dims || node.given().all(|name| self.get(name).fixed);
        Origin {
            input: first.input.filter(|_| node.op_type() == "Identity"),
            numbers: first.numbers.filter(|_| kept),
            constant: None,
            fixed: settled && !operator.random && !node.has_subgraphs(),
            kind: self.kind(node, operator),
            filled: self.filled(node),
        }
    }

    fn filled(&self, node: &NodeProto) -> Option<u64> {
        match node.op_type() {
            _ if !node.is_standard() => None,
            "Shape" if node.attribute.is_empty() => Some(0),
            operator if !walls::fills(operator) => None,
            _ => node.given().try_fold(0, |all, name| Some(all | self.get(name).filled?)),
        }
    }

    fn kind(&self, node: &NodeProto, operator: &operators::Operator) -> Option<Kind> {
        let of = |at| self.input(node, at).kind;
        let float = |kind| matches!(kind, Some(Kind::Float | Kind::Finite));
        match node.op_type() {
            "Cast" => node.attribute("to").map(|to| {
                let dtype = i32::try_from(to.i()).ok().and_then(DType::from_onnx);
                dtype.map_or(Kind::Float, Kind::from)
            }),
            "CastLike" => of(1),
            "ConstantOfShape" => node.attribute("value").map_or(Some(Kind::Finite), |it| {
                it.t.as_ref().and_then(|tensor| constant(Constant::Tensor(tensor)).kind)
            }),
            "Where" if of(1) == of(2) => of(1),
            "Where" => (float(of(1)) && float(of(2))).then_some(Kind::Float),
            _ => match operator.dtype {
                OutputDtype::Discrete => Some(Kind::Discrete),
                _ if operator.elements != Elements::Computed => of(0),
                OutputDtype::Common
                    if node.given().all(|name| self.get(name).kind == Some(Kind::Discrete)) =>
                {
                    Some(Kind::Discrete)
                }
                OutputDtype::Common | OutputDtype::FirstFloat => {
                    float(of(0)).then_some(Kind::Float)
                }
                OutputDtype::Other => None,
            },
        }
    }
}

impl From<DType> for Kind {
    fn from(dtype: DType) -> Self {
        match dtype {
            DType::F16 | DType::F32 | DType::F64 | DType::Bf16 => Self::Float,
            _ => Self::Discrete,
        }
    }
}

fn constant(constant: Constant<'_>) -> Origin<'_> {
    let kind = constant.dtype().map(Kind::from);
    let kind = kind.map(|kind| match kind {
        Kind::Float if constant.is_finite() => Kind::Finite,
        kind => kind,
    });
    let filled = constant.has_elements().then_some(0);
    Origin { constant: Some(constant), fixed: true, kind, filled, ..Origin::default() }
}

struct Tracer<'a, V> {
    values: Values<'a>,
    visit: V,
}

impl<'a, V> Tracer<'a, V> {
    // Graphs nest no deeper than the decoder, which has a limit, lets them.
    fn body<E>(&mut self, body: Body<'a>) -> Result<(), E>
    where
        V: FnMut(Site<'_, 'a>) -> Result<(), E>,
    {
        self.values.declare(body);
        for node in body.nodes {
            (self.visit)(Site { node, body, values: &self.values })?;
            for graph in node.subgraphs() {
                self.body(Body::of_graph(graph, body.depth + 1))?;
            }
            self.values.give(node);
        }
        self.values.scopes.pop();
        Ok(())
    }
}
