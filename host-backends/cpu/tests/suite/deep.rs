//! Models that make a dimension out of another in ever more steps. The library follows such an expression by
//! functions that call themselves.

use std::thread;

use godwit_backend::{DType, ErrorKind};
use godwit_fixtures::dims;
use godwit_fixtures::onnx::Graph as Onnx;

use super::*;

/// `steps` poolings that halve the last dimension, which is not known.
fn poolings(steps: usize) -> Vec<u8> {
    let mut onnx = Onnx::new("poolings");
    onnx.input("x0", DType::F32, dims![1, 1, "n"]);
    for step in 0..steps {
        let (from, to) = (format!("x{step}"), format!("x{}", step + 1));
        let node = onnx.node("MaxPool", &from, &to).ints("kernel_shape", [3]);
        node.ints("strides", [2]).ints("pads", [1, 1]);
    }
    onnx.output(&format!("x{steps}"), DType::F32, dims![1, 1, "m"]);
    onnx.into_bytes()
}

/// `steps` times one and a half of a dimension and one more, as the size of the output.
fn arithmetic(steps: usize) -> Vec<u8> {
    let mut onnx = Onnx::new("arithmetic");
    onnx.input("x", DType::F32, dims!["n"]);
    for (name, value) in [("one", 1i64), ("two", 2), ("three", 3)] {
        onnx.initializer(name, [1], &[value]);
    }
    onnx.node("Shape", "x", "d0");
    for step in 0..steps {
        let at = |part: &str| format!("{part}{step}");
        onnx.node("Add", [at("d"), "one".to_owned()], &at("a"));
        onnx.node("Mul", [at("a"), "three".to_owned()], &at("m"));
        onnx.node("Div", [at("m"), "two".to_owned()], &format!("d{}", step + 1));
    }
    onnx.node("ConstantOfShape", &format!("d{steps}"), "y");
    onnx.output("y", DType::F32, dims!["m"]);
    onnx.into_bytes()
}

/// A dimension times its half, `steps` times: each step has twice the terms of the one before.
fn doublings(steps: usize) -> Vec<u8> {
    let mut onnx = Onnx::new("doublings");
    onnx.input("x", DType::F32, dims!["n"]);
    onnx.initializer("two", [1], &[2i64]);
    onnx.initializer("seven", [1], &[7i64]);
    onnx.node("Shape", "x", "d0");
    for step in 0..steps {
        let at = |part: &str| format!("{part}{step}");
        onnx.node("Add", [at("d"), "seven".to_owned()], &at("a"));
        onnx.node("Div", [at("a"), "two".to_owned()], &at("h"));
        onnx.node("Mul", [at("d"), at("h")], &format!("d{}", step + 1));
    }
    onnx.output(&format!("d{steps}"), DType::I64, dims![1]);
    onnx.into_bytes()
}

/// The poolings in a branch, and so in one step of the library's analysis.
fn in_a_branch(steps: usize) -> Vec<u8> {
    let branch = |steps: usize| {
        let mut branch = Onnx::new("branch");
        let mut from = "x".to_owned();
        for step in 0..steps {
            let to = format!("b{step}");
            let node = branch.node("MaxPool", &from, &to).ints("kernel_shape", [3]);
            node.ints("strides", [2]).ints("pads", [1, 1]);
            from = to;
        }
        branch.output(&from, DType::F32, dims![1, 1, "m"]);
        branch
    };
    let mut onnx = Onnx::new("if");
    onnx.input("x", DType::F32, dims![1, 1, "n"]);
    onnx.input("which", DType::Bool, dims![]);
    let node = onnx.node("If", "which", "y").graph("then_branch", branch(steps));
    node.graph("else_branch", branch(1));
    onnx.output("y", DType::F32, dims![1, 1, "m"]);
    onnx.into_bytes()
}

/// Beyond the bound a model is refused in words, whatever of it the library would follow.
#[test]
fn dimensions_of_many_steps_are_refused_and_the_process_stays() {
    let backend = backend(1, NEVER);
    let models = [
        ("poolings", poolings(2000)),
        ("arithmetic", arithmetic(500)),
        ("doublings", doublings(60)),
        ("a branch", in_a_branch(64)),
        ("a longer branch", in_a_branch(3900)),
    ];
    for (name, model) in models {
        let error = try_load(&backend, model).expect_err(name);
        println!("{name}: {}", error.report().chars().take(300).collect::<String>());
        assert!(
            matches!(error.kind(), ErrorKind::TooLarge | ErrorKind::Unsupported),
            "{name}: {error}"
        );
    }
    let error = try_load(&backend, in_a_branch(5000)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert!(error.message().contains("graphs of"), "{error}");
}

/// A model at the bound is evaluated, and its expressions are freed, on threads of other people.
#[test]
fn a_model_at_the_bound_runs_and_is_freed_on_a_small_stack() {
    const SMALL: usize = 512 << 10;
    for make in [poolings, arithmetic] {
        let backend = backend(1, ALWAYS);
        let loads = |steps: &usize| try_load(&backend, make(*steps)).is_ok();
        let all: Vec<usize> = (1..=80).collect();
        let most = all.partition_point(loads);
        assert!((5..80).contains(&most), "{most} steps");
        let graph = load(&backend, make(most));
        let run_and_free = thread::Builder::new().stack_size(SMALL).spawn(move || {
            let dims = graph.info().signature.inputs[0].dims.as_ref().map_or(0, Vec::len);
            let input =
                if dims == 1 { floats([1], &[1.0]) } else { floats([1, 1, 3], &[1.0, 2.0, 3.0]) };
            // The output may be larger than anyone has memory for; what counts is that this comes back.
            drop(run(&mut context(&graph), [input]));
            drop(graph);
        });
        run_and_free.unwrap().join().unwrap();
    }
}
