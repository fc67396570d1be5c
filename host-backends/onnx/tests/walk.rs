//! The walk, the round trip and the outline, over models of any form.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic here is a failed test")]

use std::collections::BTreeSet;

use godwit_backend::DType;
use godwit_fixtures::models::{DIGITS_ONNX, bad_models, mixed};
use godwit_model::{Limits, onnx::summarize, precheck};
use godwit_onnx::schema::{
    AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto,
};
use godwit_onnx::{Outline, bodies, decode, nodes, tensors, trace};
use proptest::prelude::*;
use prost::Message;

/// A node by its operator, and what its attributes hold: graphs in `g`, graphs in `graphs`, tensors.
#[derive(Debug, Clone)]
struct Drawn {
    operator: &'static str,
    single: Option<Vec<Drawn>>,
    several: Vec<Vec<Drawn>>,
    tensors: usize,
}

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let operator = prop::sample::select(vec!["Add", "If", "Slice", "Identity", "Constant"]);
    let leaf = (operator.clone(), 0..3usize).prop_map(|(operator, tensors)| Drawn {
        operator,
        single: None,
        several: Vec::new(),
        tensors,
    });
    let nested = leaf.prop_recursive(4, 40, 3, move |inner| {
        let graph = prop::collection::vec(inner, 0..4);
        let single = prop::option::of(graph.clone());
        let several = prop::collection::vec(graph, 0..3);
        (operator.clone(), single, several, 0..3usize).prop_map(
            |(operator, single, several, tensors)| Drawn { operator, single, several, tensors },
        )
    });
    prop::collection::vec(nested, 0..6)
}

/// Writes drawn nodes down, and notes the name of each node, how many tensors and how many graphs.
#[derive(Debug, Default)]
struct Written {
    names: BTreeSet<String>,
    tensors: usize,
    graphs: usize,
}

impl Written {
    fn nodes(&mut self, drawn: &[Drawn]) -> Vec<NodeProto> {
        let node = |drawn: &Drawn| {
            let name = format!("n{}", self.names.len());
            self.names.insert(name.clone());
            self.tensors += drawn.tensors;
            let attribute = AttributeProto {
                g: drawn.single.as_ref().map(|nodes| self.graph(nodes)),
                graphs: drawn.several.iter().map(|nodes| self.graph(nodes)).collect(),
                tensors: (0..drawn.tensors).map(|_| TensorProto::default()).collect(),
                ..Default::default()
            };
            NodeProto {
                input: vec!["x".to_owned(), format!("{name}.before")],
                output: vec![format!("{name}.out")],
                name: Some(name),
                op_type: Some(drawn.operator.to_owned()),
                attribute: vec![attribute],
                ..Default::default()
            }
        };
        drawn.iter().map(node).collect()
    }

    fn graph(&mut self, drawn: &[Drawn]) -> GraphProto {
        self.graphs += 1;
        self.tensors += 1;
        let initializer = vec![TensorProto::default()];
        GraphProto { node: self.nodes(drawn), initializer, ..Default::default() }
    }

    fn model(&mut self, main: &[Drawn], functions: &[Vec<Drawn>]) -> ModelProto {
        let graph = Some(self.graph(main));
        let function = |drawn: &Vec<Drawn>| {
            self.graphs += 1;
            FunctionProto { node: self.nodes(drawn), ..Default::default() }
        };
        let functions = functions.iter().map(function).collect();
        ModelProto { graph, functions, ..Default::default() }
    }
}

proptest! {
    #[test]
    fn every_node_tensor_and_graph_is_visited_once(
        main in drawn(),
        functions in prop::collection::vec(drawn(), 0..3),
    ) {
        let mut written = Written::default();
        let model = written.model(&main, &functions);
        let expected: Vec<&str> = written.names.iter().map(String::as_str).collect();
        let mut walked: Vec<&str> = nodes(&model).map(NodeProto::name).collect();
        walked.sort_unstable();
        prop_assert_eq!(&walked, &expected);
        let mut traced = Vec::new();
        trace(&model, |site| {
            traced.push(site.node.name().to_owned());
            Ok::<_, ()>(())
        }).unwrap();
        traced.sort_unstable();
        prop_assert_eq!(&traced, &expected);
        prop_assert_eq!(tensors(&model).count(), written.tensors);
        prop_assert_eq!(bodies(&model).count(), written.graphs);
        let outline = Outline::of(&model);
        prop_assert_eq!(outline.nodes, expected.len());
        prop_assert_eq!(outline.graphs, written.graphs);
    }

    #[test]
    fn a_model_that_is_written_again_has_the_same_bytes(main in drawn()) {
        let bytes = Written::default().model(&main, &[]).encode_to_vec();
        let again = decode(&bytes.clone().into()).unwrap().encode_to_vec();
        prop_assert_eq!(again, bytes);
    }

    #[test]
    fn fields_of_no_known_number_change_nothing(main in drawn(), content in any::<u64>()) {
        let model = Written::default().model(&main, &[]);
        let mut bytes = model.encode_to_vec();
        prost::encoding::uint64::encode(900, &content, &mut bytes);
        prop_assert_eq!(decode(&bytes.into()).unwrap(), model);
    }
}

/// The bounded reader shares no code with the schema.
#[test]
fn the_bounded_reader_counts_the_same() {
    let limits = Limits::default();
    for bytes in [DIGITS_ONNX.to_vec(), mixed()] {
        let summary = summarize(&bytes, &limits).unwrap();
        let outline = Outline::of(&decode(&bytes.into()).unwrap());
        assert_eq!(outline.nodes as u64, summary.nodes);
        let operators =
            outline.operators.into_iter().map(|((_, name), count)| (name, count as u64));
        assert_eq!(operators.collect::<Vec<_>>(), Vec::from_iter(summary.operators));
        assert_eq!(outline.weight_bytes, summary.parameter_bytes);
    }
}

#[test]
fn hostile_models_are_outlined_without_harm() {
    for bad in bad_models() {
        if let Ok(model) = decode(&bad.bytes.into()) {
            Outline::of(&model);
        }
    }
}

/// What is wrong with a file's structure needs no engine to be found.
#[test]
fn structural_flaws_are_found_before_any_engine() {
    for bad in bad_models().into_iter().filter(|bad| bad.structural) {
        let model = godwit_backend::Model::onnx(bad.name, bad.bytes);
        assert!(precheck(&model, &Limits::default()).is_err(), "{}", bad.name);
    }
}

fn outline(graph: godwit_fixtures::onnx::Graph) -> Outline {
    Outline::of(&decode(&graph.into_bytes().into()).unwrap())
}

/// `x` `f32[n, 3]`, reshaped as `write` says: it adds the nodes that give "shape".
fn reshaped(write: impl FnOnce(&mut godwit_fixtures::onnx::Graph)) -> Outline {
    let mut graph = godwit_fixtures::onnx::Graph::new("reshape");
    graph.input("x", DType::F32, godwit_fixtures::dims!["n", 3]);
    write(&mut graph);
    graph.node("Reshape", ["x", "shape"], "y");
    graph.output("y", DType::F32, godwit_fixtures::dims!["m"]);
    outline(graph)
}

#[test]
fn work_is_determined_by_dimensions_unless_values_have_a_say() {
    let constant = reshaped(|graph| graph.initializer("shape", [1], &[-1i64]));
    assert!(constant.shape_determined);
    let of_dimensions = reshaped(|graph| {
        graph.node("Shape", "x", "dims");
        graph.node("ReduceProd", "dims", "shape");
    });
    assert!(of_dimensions.shape_determined);
    let given = reshaped(|graph| graph.input("shape", DType::I64, [1]));
    assert!(!given.shape_determined);
    let random = reshaped(|graph| {
        graph.node("RandomUniform", [""; 0], "dice");
        graph.node("Cast", "dice", "shape").int("to", 7);
    });
    assert!(!random.shape_determined);
}

#[test]
fn a_name_inside_a_branch_hides_the_one_outside_and_that_of_the_other_branch() {
    let branch = |write: &dyn Fn(&mut godwit_fixtures::onnx::Graph)| {
        let mut graph = godwit_fixtures::onnx::Graph::new("branch");
        write(&mut graph);
        graph.node("Gather", ["table", "at"], "y");
        graph
    };
    let mut graph = godwit_fixtures::onnx::Graph::new("hidden");
    graph.input("x", DType::I64, [1]);
    graph.initializer("table", [4], &[1f32, 2.0, 3.0, 4.0]);
    graph
        .node("If", "yes", "y")
        .graph("then_branch", branch(&|graph| graph.initializer("at", [1], &[0i64])))
        .graph(
            "else_branch",
            branch(&|graph| {
                graph.node("ArgMax", "x", "at");
            }),
        );
    let model = decode(&graph.into_bytes().into()).unwrap();
    let mut fixed = Vec::new();
    trace(&model, |site| {
        if site.node.op_type() == "Gather" {
            fixed.push(site.input(1).fixed);
        }
        Ok::<_, ()>(())
    })
    .unwrap();
    assert_eq!(fixed, [true, false]);
}

#[test]
fn outputs_that_are_inputs_and_inputs_that_nothing_computes_with_are_known() {
    let mut graph = godwit_fixtures::onnx::Graph::new("pass");
    graph.input("a", DType::I64, [1]);
    graph.input("b", DType::I64, [1]);
    graph.node("Identity", "a", "a2");
    graph.node("Identity", "a2", "y");
    graph.node("Neg", "b", "z");
    for name in ["y", "b", "z"] {
        graph.output(name, DType::I64, [1]);
    }
    let outline = outline(graph);
    assert_eq!(outline.passed_on, [Some(0), Some(1), None]);
    assert_eq!(outline.used, [false, true]);
}
