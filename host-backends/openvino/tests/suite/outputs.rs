//! Outputs that nothing computes, or that are one value: the library keeps one tensor for them.

use futures::executor::block_on;
use godwit_backend::{CheckedContext, DType, ErrorKind, Model, Quota, Tensor};
use godwit_fixtures::models::echo;
use godwit_fixtures::onnx::{Dim, Graph};

use crate::{library, load};

/// What an output is of the input.
#[derive(Debug, Clone, Copy)]
enum Is {
    Same,
    Negated,
}

use Is::{Negated, Same};

/// A net by its operators, each with one input and one output, and its outputs.
struct Net {
    nodes: &'static [(&'static str, &'static str, &'static str)],
    outputs: &'static [(&'static str, Is)],
}

const NETS: [Net; 10] = [
    Net { nodes: &[], outputs: &[("x", Same)] },
    Net { nodes: &[("Identity", "x", "y")], outputs: &[("y", Same)] },
    Net { nodes: &[("Dropout", "x", "y")], outputs: &[("y", Same)] },
    Net { nodes: &[("Max", "x", "y")], outputs: &[("y", Same)] },
    // Deeper, and under several names.
    Net {
        nodes: &[("Sum", "x", "a"), ("Dropout", "a", "b"), ("Mean", "b", "c"), ("Min", "c", "y")],
        outputs: &[("y", Same), ("b", Same), ("a", Same)],
    },
    Net { nodes: &[("Max", "x", "y"), ("Min", "x", "z")], outputs: &[("y", Same), ("z", Same)] },
    // The input that the library would take the output for is computed with, too.
    Net {
        nodes: &[("Dropout", "x", "y"), ("Neg", "x", "z")],
        outputs: &[("y", Same), ("z", Negated)],
    },
    Net {
        nodes: &[("Dropout", "x", "y"), ("Neg", "y", "z"), ("Max", "z", "w")],
        outputs: &[("z", Negated), ("y", Same), ("w", Negated)],
    },
    // One computed value, several outputs.
    Net {
        nodes: &[("Neg", "x", "n"), ("Max", "n", "y"), ("Dropout", "n", "z")],
        outputs: &[("y", Negated), ("z", Negated), ("n", Negated)],
    },
    Net {
        nodes: &[("Neg", "x", "n"), ("Neg", "n", "y"), ("Identity", "y", "z")],
        outputs: &[("z", Same), ("n", Negated), ("y", Same)],
    },
];

impl Net {
    fn model(&self, dim: &Dim) -> Model {
        let mut graph = Graph::new("net");
        graph.input("x", DType::F32, [dim.clone()]);
        for (op, input, output) in self.nodes {
            graph.node(op, *input, *output);
        }
        for (name, _) in self.outputs {
            graph.output(name, DType::F32, [dim.clone()]);
        }
        Model::onnx("net", graph.into_bytes())
    }
}

#[test]
fn every_output_is_right_in_every_run() {
    let backend = library::open();
    for (at, net) in NETS.iter().enumerate() {
        for dim in [Dim::from(3), Dim::from("n")] {
            let graph = load(&backend, &net.model(&dim)).unwrap();
            let mut context = block_on(CheckedContext::open(&graph, &Quota::unlimited())).unwrap();
            let mut kept = Vec::new();
            for run in 0..6u8 {
                let len = if dim == Dim::from(3) { 3 } else { 1 + usize::from(run / 2) };
                let x: Vec<f32> = (1..=len).map(|i| f32::from(run) * 10.0 + i as f32).collect();
                let input = Tensor::from_values([len], &x).unwrap();
                let outputs = block_on(context.run([input].into_iter().collect())).unwrap();
                kept.push((x, outputs));
            }
            for (run, (x, outputs)) in kept.iter().enumerate() {
                assert_eq!(outputs.len(), net.outputs.len());
                for ((name, is), output) in net.outputs.iter().zip(outputs) {
                    let sign = if matches!(is, Same) { 1.0 } else { -1.0 };
                    let expected: Vec<f32> = x.iter().map(|x| sign * x).collect();
                    let found = output.values::<f32>().unwrap();
                    assert_eq!(found, expected, "net {at}, {dim:?}, run {run}, output '{name}'");
                }
            }
        }
    }
}

/// The same, with a tensor of no elements, which may have no address.
#[test]
fn an_output_that_is_an_empty_input_is_empty() {
    let graph = load(&library::open(), &NETS[6].model(&Dim::from("n"))).unwrap();
    let mut context = block_on(CheckedContext::open(&graph, &Quota::unlimited())).unwrap();
    for x in [&[][..], &[1.0f32], &[]] {
        let input = Tensor::from_values([x.len()], x).unwrap();
        let outputs = block_on(context.run([input].into_iter().collect())).unwrap();
        assert_eq!(outputs[0].values::<f32>(), Some(x));
        assert_eq!(outputs[1].shape(), outputs[0].shape());
    }
}

#[test]
fn two_inputs_are_told_apart() {
    let mut graph = Graph::new("two");
    for name in ["a", "b"] {
        graph.input(name, DType::F32, ["n"]);
    }
    graph.node("Max", "b", "y");
    graph.node("Dropout", "a", "z");
    graph.node("Sub", ["a", "b"], "d");
    for name in ["y", "d", "z"] {
        graph.output(name, DType::F32, ["n"]);
    }
    let graph = load(&library::open(), &Model::onnx("two", graph.into_bytes())).unwrap();
    let mut context = block_on(CheckedContext::open(&graph, &Quota::unlimited())).unwrap();
    let a = Tensor::from_values([1], &[5f32]).unwrap();
    let b = Tensor::from_values([1], &[7f32]).unwrap();
    // The same tensor for both first, when no address tells one from the other.
    for (a, b, expected) in
        [(&a, &a, [5.0, 0.0, 5.0]), (&a, &b, [7.0, -2.0, 5.0]), (&b, &a, [5.0, 2.0, 7.0])]
    {
        let inputs = [a.clone(), b.clone()].into_iter().collect();
        let outputs = block_on(context.run(inputs)).unwrap();
        let found: Vec<f32> = outputs.iter().map(|it| it.values::<f32>().unwrap()[0]).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_constant_is_an_output_in_every_run() {
    let mut graph = Graph::new("constant");
    graph.input("x", DType::F32, ["n"]);
    graph.initializer("c", [3], &[1f32, 2.0, 3.0]);
    graph.node("Neg", "x", "y");
    graph.node("Max", "c", "d");
    graph.node("Identity", "c", "e");
    graph.output("y", DType::F32, ["n"]);
    graph.output("d", DType::F32, [3i64]);
    graph.output("e", DType::F32, [3i64]);
    let graph = load(&library::open(), &Model::onnx("constant", graph.into_bytes())).unwrap();
    let mut context = block_on(CheckedContext::open(&graph, &Quota::unlimited())).unwrap();
    for run in 0..4u8 {
        let input = Tensor::from_values([1], &[f32::from(run)]).unwrap();
        let outputs = block_on(context.run([input].into_iter().collect())).unwrap();
        assert_eq!(outputs[0].values::<f32>(), Some(&[-f32::from(run)][..]));
        assert_eq!(outputs[1].values::<f32>(), Some(&[1.0, 2.0, 3.0][..]));
        assert_eq!(outputs[2].values::<f32>(), Some(&[1.0, 2.0, 3.0][..]));
    }
}

/// The library keeps what is too large for 32 bits at the largest.
#[test]
fn an_infinity_is_never_made_finite() {
    let model = |from, to: DType| {
        let mut graph = Graph::new("cast");
        graph.input("x", from, ["n"]);
        graph.node("Cast", "x", "y").int("to", i64::from(to.onnx_number()));
        graph.output("y", to, ["n"]);
        load(&library::open(), &Model::onnx("cast", graph.into_bytes())).unwrap()
    };
    let widen = model(DType::F32, DType::F64);
    let outputs = crate::answer(&widen, [crate::floats(&[1.5])]).unwrap();
    assert_eq!(outputs[0].values::<f64>(), Some(&[1.5][..]));
    for x in [f32::INFINITY, f32::NEG_INFINITY] {
        let error = crate::answer(&widen, [crate::floats(&[x])]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
    }
    let narrow = model(DType::F64, DType::F32);
    let ask = |x| crate::answer(&narrow, [Tensor::from_values([1], &[x]).unwrap()]);
    assert_eq!(ask(1.5).unwrap()[0].values::<f32>(), Some(&[1.5][..]));
    for x in [f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        assert_eq!(ask(x).unwrap_err().kind(), ErrorKind::Failed);
    }
}

#[test]
fn the_greatest_of_nothing_is_refused() {
    let load_of = |rows: i64| {
        let mut graph = Graph::new("greatest");
        graph.input("x", DType::F32, [rows, 3]);
        graph.initializer("axes", [1], &[0i64]);
        graph.node("ReduceMax", ["x", "axes"], "y").int("keepdims", 0);
        graph.output("y", DType::F32, [3i64]);
        load(&library::open(), &Model::onnx("greatest", graph.into_bytes()))
    };
    assert_eq!(load_of(0).unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(load_of(2).is_ok());
}

#[test]
fn tiles_are_written_where_the_model_says_how_many() {
    let model = |constant: bool| {
        let mut graph = Graph::new("tile");
        graph.input("x", DType::F32, [2i64, 3, 4, 5]);
        if constant {
            graph.initializer("repeats", [4], &[7i64, 6, 4, 2]);
        } else {
            graph.input("repeats", DType::I64, [4i64]);
        }
        graph.node("Tile", ["x", "repeats"], "y");
        graph.output("y", DType::F32, [14i64, 18, 16, 10]);
        load(&library::open(), &Model::onnx("tile", graph.into_bytes()))
    };
    let x: Vec<f32> = (1..=120u8).map(f32::from).collect();
    let input = Tensor::from_values([2, 3, 4, 5], &x).unwrap();
    let outputs = crate::answer(&model(true).unwrap(), [input]).unwrap();
    let y = outputs[0].values::<f32>().unwrap();
    let mut expected = Vec::new();
    for a in 0..14 {
        for b in 0..18 {
            for c in 0..16 {
                expected.extend((0..10).map(|d| x[((a % 2 * 3 + b % 3) * 4 + c % 4) * 5 + d % 5]));
            }
        }
    }
    assert!(y == expected);
    assert_eq!(model(false).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn dimensions_that_an_input_holds_may_be_others_in_the_next_run() {
    let mut graph = Graph::new("reshape");
    graph.input("x", DType::F32, [6i64]);
    graph.input("shape", DType::I64, [2i64]);
    graph.node("Reshape", ["x", "shape"], "y");
    graph.output("y", DType::F32, ["n", "m"]);
    let graph = load(&library::open(), &Model::onnx("reshape", graph.into_bytes())).unwrap();
    let mut context = block_on(CheckedContext::open(&graph, &Quota::unlimited())).unwrap();
    let x = Tensor::from_values([6], &[1f32, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    for dims in [[2, 3], [2, 3], [3, 2], [1, 6]] {
        let shape = Tensor::from_values([2], &dims.map(|dim: usize| dim as i64)).unwrap();
        let outputs = block_on(context.run([x.clone(), shape].into_iter().collect())).unwrap();
        assert_eq!(outputs[0].shape()[..], dims);
        assert_eq!(outputs[0].values::<f32>(), x.values());
    }
}

/// The library computes with f64 in 32 bits.
#[test]
fn a_wide_number_that_nothing_computes_is_not_narrowed() {
    let graph = load(&library::open(), &Model::onnx("echo", echo(DType::F64, ["n"]))).unwrap();
    let x = [1.0 / 3.0, 1e300, f64::INFINITY];
    let input = Tensor::from_values([3], &x).unwrap();
    let outputs = crate::answer(&graph, [input]).unwrap();
    assert_eq!(outputs[0].values::<f64>(), Some(&x[..]));
}
