//! Places that inputs choose. Kernels read and write wherever an index points, inside a tensor or not. So
//! an index that is an input's is checked before each run, and a model that computes one is refused.

use std::collections::{HashMap, HashSet};

use godwit_backend::{DType, Error, Result, Signature, Tensor};

use crate::proto::{GraphProto, NodeProto, TensorProto};

/// What each input that chooses places has to keep to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Guards(Vec<Guard>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Guard {
    input: usize,
    rows: Rows,
    /// Whether it may count from the end.
    wraps: bool,
}

/// How many places there are to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rows {
    Known(usize),
    /// As many as this dimension of an input.
    Of(usize, usize),
}

/// Operators that leave the numbers of their first input as they are.
const KEEPING: [&str; 7] =
    ["Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"];

/// Operators whose second input chooses places in their first, along an axis.
const ALONG_AN_AXIS: [&str; 4] = ["Gather", "GatherElements", "Scatter", "ScatterElements"];

/// The one of these that counts a negative place from the end of all rows, where it is that of one.
const COUNTS_ON: &str = "GatherElements";

/// Operators with the input of theirs that chooses places or lengths in a way that is not checked here.
const UNCHECKED: [(&str, usize); 10] = [
    ("GRU", 4),
    ("GatherND", 1),
    ("LSTM", 4),
    ("MaxUnpool", 1),
    ("OneHot", 0),
    ("RNN", 4),
    ("ReverseSequence", 1),
    ("RoiAlign", 2),
    ("ScatterND", 1),
    ("TensorScatter", 2),
];

impl Guards {
    /// # Errors
    ///
    /// `Unsupported` when a place follows from what the inputs hold in another way than being one of them.
    pub(crate) fn new(graph: &GraphProto, signature: &Signature) -> Result<Self> {
        let mut tracing = Tracing { signature, ..Tracing::new() };
        for (at, input) in signature.inputs.iter().enumerate() {
            tracing.numbers.insert(&input.name, at);
            tracing.inputs.insert(&input.name, at);
        }
        tracing.graph(graph)?;
        Ok(Self(tracing.guards))
    }

    /// Whether the values of an input are looked at.
    pub(crate) fn is_about(&self, input: usize) -> bool {
        self.0.iter().any(|guard| guard.input == input)
    }

    /// Checks inputs on the host.
    ///
    /// # Errors
    ///
    /// `Failed`, naming the input and the value.
    pub(crate) fn check(&self, signature: &Signature, inputs: &[Tensor]) -> Result<()> {
        for Guard { input, rows, wraps } in &self.0 {
            let rows = match rows {
                Rows::Known(rows) => Some(*rows),
                Rows::Of(input, axis) => {
                    inputs.get(*input).and_then(|it| it.shape().get(*axis)).copied()
                }
            };
            let rows = rows.and_then(|rows| i64::try_from(rows).ok()).unwrap_or(0);
            let least = if *wraps { rows.saturating_neg() } else { 0 };
            let outside = |value: &i64| !(least..rows).contains(value);
            let Some(found) = inputs.get(*input).and_then(|it| find(it, outside)) else { continue };
            let name = signature.inputs.get(*input).map_or("", |info| &info.name);
            return Err(Error::failed(format!(
                "the model failed with these inputs: '{name}' holds {found}, and can be from {least} to {} \
                 on this device",
                rows - 1
            )));
        }
        Ok(())
    }
}

/// The first number of an integer tensor that `is` holds of.
fn find(tensor: &Tensor, is: impl Fn(&i64) -> bool) -> Option<i64> {
    let bytes = tensor.host()?;
    match tensor.dtype() {
        DType::I64 => bytes.as_chunks().0.iter().map(|it| i64::from_le_bytes(*it)).find(is),
        DType::I32 => bytes.as_chunks().0.iter().map(|it| i32::from_le_bytes(*it).into()).find(is),
        _ => None,
    }
}

struct Tracing<'a> {
    signature: &'a Signature,
    inputs: HashMap<&'a str, usize>,
    /// Values that hold an input's numbers, in another shape or dtype perhaps.
    numbers: HashMap<&'a str, usize>,
    /// Values that no input's numbers go into: constants, and what follows from dimensions.
    fixed: HashSet<&'a str>,
    constants: HashMap<&'a str, &'a TensorProto>,
    guards: Vec<Guard>,
}

impl<'a> Tracing<'a> {
    fn new() -> Self {
        static NONE: Signature = Signature { inputs: Vec::new(), outputs: Vec::new() };
        Self {
            signature: &NONE,
            inputs: HashMap::new(),
            numbers: HashMap::new(),
            fixed: HashSet::new(),
            constants: HashMap::new(),
            guards: Vec::new(),
        }
    }

    fn graph(&mut self, graph: &'a GraphProto) -> Result<()> {
        for tensor in &graph.initializer {
            self.fixed.insert(&tensor.name);
            self.constants.insert(&tensor.name, tensor);
        }
        graph.node.iter().try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &'a NodeProto) -> Result<()> {
        let input = |at: usize| node.input.get(at).map(String::as_str).unwrap_or_default();
        let op = node.op_type.as_str();
        if ALONG_AN_AXIS.contains(&op) && !self.fixed.contains(input(1)) {
            let guard = self.guard(node).ok_or_else(|| computed(op))?;
            self.guards.push(guard);
        }
        if op == COUNTS_ON && self.fixed.contains(input(1)) && !self.is_from_the_start(input(1)) {
            return Err(Error::unsupported(format!(
                "MIGraphX answers wrongly to the model's operator {op}, used as it is there: it counts from \
                 the end of all rows instead of one"
            )));
        }
        let free = |at: usize| !input(at).is_empty() && !self.fixed.contains(input(at));
        if UNCHECKED.iter().any(|(operator, at)| *operator == op && free(*at)) {
            return Err(computed(op));
        }
        // The same place of a body is another in each turn: what is inside follows nothing from outside.
        for graph in node.attribute.iter().flat_map(|it| it.g.iter().chain(&it.graphs)) {
            self.graph(graph)?;
        }
        let Some(output) = node.output.first().map(String::as_str) else { return Ok(()) };
        let keeps = KEEPING.contains(&op).then(|| self.numbers.get(input(0)).copied()).flatten();
        if let Some(at) = keeps {
            self.numbers.insert(output, at);
        }
        let plain = node.attribute.iter().all(|it| it.g.is_none() && it.graphs.is_empty());
        let given = node.input.iter().filter(|name| !name.is_empty());
        let of_dimensions = matches!(op, "Shape" | "Size");
        if plain && (of_dimensions || given.clone().all(|it| self.fixed.contains(it.as_str()))) {
            self.fixed.extend(node.output.iter().map(String::as_str));
        }
        if let Some(tensor) = node.attribute.iter().find_map(|it| it.t.as_ref())
            && op == "Constant"
        {
            self.constants.insert(output, tensor);
        }
        Ok(())
    }

    /// Whether a constant has no negative numbers.
    fn is_from_the_start(&self, name: &str) -> bool {
        let Some(tensor) = self.constants.get(name) else { return false };
        let raw = &tensor.raw_data;
        match tensor.data_type {
            6 => {
                raw.as_chunks().0.iter().all(|it| i32::from_le_bytes(*it) >= 0)
                    && tensor.int32_data.iter().all(|it| *it >= 0)
            }
            7 => {
                raw.as_chunks().0.iter().all(|it| i64::from_le_bytes(*it) >= 0)
                    && tensor.int64_data.iter().all(|it| *it >= 0)
            }
            _ => false,
        }
    }

    fn guard(&self, node: &NodeProto) -> Option<Guard> {
        let (data, index) = (node.input.first()?.as_str(), node.input.get(1)?.as_str());
        let input = *self.numbers.get(index)?;
        let whole = |at: usize| self.signature.inputs.get(at).map(|info| info.dtype);
        if !matches!(whole(input), Some(DType::I32 | DType::I64)) {
            return None;
        }
        let wraps = node.op_type != COUNTS_ON;
        let axis = node.attribute.iter().find(|it| it.name == "axis").map_or(0, |it| it.i);
        let axis_of = |rank: usize| {
            let rank = i64::try_from(rank).ok()?;
            usize::try_from(if axis < 0 { axis.checked_add(rank)? } else { axis }).ok()
        };
        if let Some(table) = self.constants.get(data) {
            let rows = table.dims.get(axis_of(table.dims.len())?)?;
            return Some(Guard { input, rows: Rows::Known(usize::try_from(*rows).ok()?), wraps });
        }
        let of = *self.inputs.get(data)?;
        let rank = self.signature.inputs.get(of)?.dims.as_ref()?.len();
        let rows = Rows::Of(of, axis_of(rank).filter(|axis| *axis < rank)?);
        Some(Guard { input, rows, wraps })
    }
}

fn computed(op: &str) -> Error {
    Error::unsupported(format!(
        "the model's operator {op} looks up places that it computes, and this device does not check them"
    ))
}

#[cfg(test)]
mod tests {
    use godwit_backend::{ErrorKind, Model};
    use godwit_fixtures::{dims, models, onnx};

    use super::*;
    use crate::outline;

    fn guards(bytes: Vec<u8>) -> Result<(Guards, Signature)> {
        let model = Model::onnx("m", bytes);
        let model = outline::decode(&model.parts()[0]).unwrap();
        let signature = outline::outline(&model).unwrap().signature;
        Ok((Guards::new(model.graph.as_ref().unwrap(), &signature)?, signature))
    }

    #[test]
    fn a_table_is_looked_up_within_its_rows() {
        let (guards, signature) = guards(models::mixed()).unwrap();
        let allowed = |id: i64| {
            let inputs = [
                Tensor::from_values([1], &[id]).unwrap(),
                Tensor::from_values([1], &[1f32]).unwrap(),
            ];
            guards.check(&signature, &inputs).is_ok()
        };
        assert!([-16, -1, 0, 15].into_iter().all(allowed));
        assert!(![-17, 16, 1 << 40, i64::MIN, i64::MAX].into_iter().any(allowed));
    }

    #[test]
    fn an_input_is_looked_up_within_its_own_rows() {
        let mut graph = onnx::Graph::new("gather");
        graph.input("x", DType::F32, dims!["n", 3]);
        graph.input("at", DType::I32, ["m"]);
        graph.node("Gather", ["x", "at"], "y");
        graph.output("y", DType::F32, dims!["m", 3]);
        let (guards, signature) = guards(graph.into_bytes()).unwrap();
        let x = Tensor::from_values([2, 3], &[0f32; 6]).unwrap();
        let allowed = |at: i32| {
            let inputs = [x.clone(), Tensor::from_values([1], &[at]).unwrap()];
            guards.check(&signature, &inputs).is_ok()
        };
        assert!(allowed(1) && allowed(-2) && !allowed(2) && !allowed(-3));
    }

    #[test]
    fn the_operator_that_counts_on_is_counted_from_the_start_only() {
        let gather = |at: Option<i64>| {
            let mut graph = onnx::Graph::new("gather");
            graph.input("x", DType::F32, [1, 3]);
            match at {
                Some(at) => graph.initializer("at", [1, 1], &[at]),
                None => graph.input("at", DType::I64, [1, 1]),
            };
            graph.node("GatherElements", ["x", "at"], "y").int("axis", 1);
            graph.output("y", DType::F32, [1, 1]);
            guards(graph.into_bytes())
        };
        gather(Some(2)).unwrap();
        assert_eq!(gather(Some(-1)).unwrap_err().kind(), ErrorKind::Unsupported);
        let (guards, signature) = gather(None).unwrap();
        let x = Tensor::from_values([1, 3], &[0f32; 3]).unwrap();
        let allowed = |at: i64| {
            let inputs = [x.clone(), Tensor::from_values([1, 1], &[at]).unwrap()];
            guards.check(&signature, &inputs).is_ok()
        };
        assert!(allowed(0) && allowed(2) && !allowed(-1) && !allowed(3));
    }

    #[test]
    fn a_place_that_is_computed_is_refused() {
        let mut graph = onnx::Graph::new("gather");
        graph.input("x", DType::F32, [4]);
        graph.initializer("table", [4], &[1f32, 2.0, 3.0, 4.0]);
        graph.node("ArgMax", "x", "at").int("axis", 0);
        graph.node("Gather", ["table", "at"], "y");
        graph.output("y", DType::F32, [1]);
        let error = guards(graph.into_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
}
