//! Attacks written as ONNX files.

use anyhow::Result;
use godwit_backend::{DType, Shape, Tensor};
use godwit_fixtures::dims;
use godwit_fixtures::onnx::proto::{ModelProto, TensorTypeProto, TypeProto, ValueInfoProto};
use godwit_fixtures::onnx::{Dim, Graph};
use prost::Message;

use super::attack::{Attack, Source};
use super::spec::{Attribute, Operand};
use super::{Hostile, Named};

/// The attack as a model with its inputs.
///
/// # Errors
///
/// When the attack has a dtype of which there are no hostile values.
pub(super) fn write(name: String, attack: &Attack) -> Result<Hostile> {
    let spec = &attack.spec;
    let mut graph = Graph::new("hostile");
    let mut names = Vec::new();
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let operands = spec.operands.iter().zip(&attack.bad).zip(&attack.sources);
    for (at, ((fine, hostile), source)) in operands.enumerate() {
        let mut operand = format!("o{at}");
        if *source == Source::Constant {
            let tensor = hostile.tensor()?;
            constant(&mut graph, &operand, &tensor);
        } else {
            declare(&mut graph, &operand, fine, attack.open);
            good.push((operand.clone(), fine.tensor()?));
            bad.push((operand.clone(), hostile.tensor()?));
        }
        if *source == Source::Computed && !matches!(fine.dtype, DType::Bool | DType::U8 | DType::I8)
        {
            let nothing = Operand { dims: Vec::new(), values: vec![0.0], ..fine.clone() };
            constant(&mut graph, &format!("n{at}"), &nothing.tensor()?);
            let sum = format!("s{at}");
            graph.node("Add", [operand.clone(), format!("n{at}")], &sum);
            operand = sum;
        }
        names.push(operand);
    }
    let outputs: Vec<String> = (0..spec.outputs.len()).map(|at| format!("y{at}")).collect();
    let mut node = graph.node(spec.operator, Slice(&names), Slice(&outputs));
    for (name, attribute) in &spec.attributes {
        node = match attribute {
            Attribute::Int(value) => node.int(name, *value),
            Attribute::Ints(values) => node.ints(name, values.iter().copied()),
            Attribute::Float(value) => node.float(name, *value),
            Attribute::Text(value) => node.string(name, value),
        };
    }
    if !spec.domain.is_empty() {
        node.domain(spec.domain);
    }
    for (name, dtype) in outputs.iter().zip(&spec.outputs) {
        let tensor_type =
            Some(TensorTypeProto { elem_type: Some(dtype.onnx_number()), shape: None });
        let kind = Some(TypeProto { tensor_type });
        graph.proto().output.push(ValueInfoProto { name: Some(name.clone()), r#type: kind });
    }
    let opset = if spec.domain.is_empty() { i64::from(spec.opset) } else { 17 };
    Ok(finish(name, spec.operator, graph, opset, spec.domain, vec![good.clone(), bad, good]))
}

/// A loop that looks something up by its own count, and a branch that is taken out of range.
pub(super) fn control_flow() -> Vec<Hostile> {
    let mut all = Vec::new();
    for (at, times) in [(0, 4i64), (1, 1000), (2, -1), (3, i64::MAX)] {
        for lookup in ["Gather", "GatherND", "ScatterND"] {
            all.push(looped(format!("Loop {at} {lookup}"), times, lookup));
        }
    }
    for lookup in ["Gather", "GatherND", "GatherElements"] {
        for place in [-1000i64, 7, 100_000_000] {
            all.push(branch(format!("If {lookup} {place}"), lookup, place));
        }
    }
    all
}

fn looped(name: String, times: i64, lookup: &str) -> Hostile {
    let mut body = Graph::new("body");
    body.input("i", DType::I64, dims![]);
    body.input("go", DType::Bool, dims![]);
    body.initializer("one", [1], &[1i64]);
    body.node("Reshape", ["i", "one"], "at");
    if lookup == "ScatterND" {
        body.initializer("row", [1, 1], &[1i64]);
        body.initializer("up", [1], &[7f32]);
        body.node("Mul", ["at", "row"], "place");
        body.node(lookup, ["table", "place", "up"], "found");
    } else {
        body.node(lookup, ["table", "at"], "found");
    }
    // No more than a few steps: what counts is where they read.
    body.initializer("most", [], &[64i64]);
    body.node("Less", ["i", "most"], "on");
    body.output("on", DType::Bool, dims![]);
    body.output("found", DType::F32, ["k"]);
    let mut graph = Graph::new("loop");
    graph.input("table", DType::F32, ["n"]);
    graph.input("times", DType::I64, dims![]);
    graph.raw_initializer("yes", DType::Bool, [], vec![1]);
    graph.node("Loop", ["times", "yes"], "y").graph("body", body);
    graph.output("y", DType::F32, dims!["l", "k"]);
    let table = |rows: usize| {
        let values: Vec<f32> = (1u16..).take(rows).map(f32::from).collect();
        ("table".to_owned(), tensor(Tensor::from_values([rows], &values)))
    };
    let count = |times: i64| ("times".to_owned(), tensor(Tensor::from_values([], &[times])));
    let runs =
        vec![vec![table(3), count(3)], vec![table(3), count(times)], vec![table(0), count(times)]];
    finish(name, "Loop", graph, 17, "", runs)
}

fn branch(name: String, lookup: &str, place: i64) -> Hostile {
    let branch = |place: i64| {
        let mut graph = Graph::new("branch");
        graph.initializer("at", [1], &[place]);
        graph.node(lookup, ["table", "at"], "found");
        graph.output("found", DType::F32, ["k"]);
        graph
    };
    let mut graph = Graph::new("if");
    graph.input("table", DType::F32, ["n"]);
    graph.input("which", DType::Bool, dims![]);
    graph
        .node("If", "which", "y")
        .graph("then_branch", branch(place))
        .graph("else_branch", branch(0));
    graph.output("y", DType::F32, ["k"]);
    let run = |which: bool| {
        let table = tensor(Tensor::from_values([3], &[1f32, 2.0, 3.0]));
        let bytes = vec![u8::from(which)];
        let which = tensor(Tensor::new(DType::Bool, Shape::new([]), bytes.into()));
        vec![("table".to_owned(), table), ("which".to_owned(), which)]
    };
    finish(name, "If", graph, 17, "", vec![run(false), run(true)])
}

fn tensor(made: godwit_backend::Result<Tensor>) -> Tensor {
    made.unwrap_or_else(|_| Tensor::from_values([0], &[0f32; 0]).unwrap_or_else(|_| unreachable!()))
}

fn finish(
    name: String,
    operator: &str,
    graph: Graph,
    opset: i64,
    domain: &str,
    runs: Vec<Vec<Named>>,
) -> Hostile {
    let mut model: ModelProto = graph.into_model();
    for set in &mut model.opset_import {
        set.version = Some(opset);
    }
    if !domain.is_empty() {
        let own = model.opset_import.iter().cloned().map(|mut set| {
            set.domain = Some(domain.to_owned());
            set.version = Some(1);
            set
        });
        let own: Vec<_> = own.collect();
        model.opset_import.extend(own);
    }
    let files = vec![model.encode_to_vec()];
    let operands = model.graph.iter().flat_map(|it| &it.node).map(|it| it.input.len()).sum();
    Hostile {
        name,
        operator: operator.to_owned(),
        is_ir: false,
        files,
        runs,
        selects: false,
        operands,
    }
}

fn constant(graph: &mut Graph, name: &str, tensor: &Tensor) {
    let dims = tensor.shape().iter().map(|dim| i64::try_from(*dim).unwrap_or(i64::MAX));
    let bytes = tensor.host().map(|bytes| bytes.to_vec()).unwrap_or_default();
    graph.raw_initializer(name, tensor.dtype(), dims.collect::<Vec<_>>(), bytes);
}

fn declare(graph: &mut Graph, name: &str, operand: &Operand, open: bool) {
    let dims = operand.dims.iter().enumerate().map(|(axis, dim)| {
        if open {
            Dim::Symbol(format!("{name}_{axis}"))
        } else {
            Dim::Known(i64::try_from(*dim).unwrap_or(i64::MAX))
        }
    });
    graph.input(name, operand.dtype, dims.collect::<Vec<_>>());
}

/// As many names as there are.
struct Slice<'a>(&'a [String]);

impl godwit_fixtures::onnx::Names for Slice<'_> {
    fn names(self) -> Vec<String> {
        self.0.to_vec()
    }
}
