//! What may be dropped when, and what a host holds meanwhile.

use super::{Tensor, TensorType, context, good, load_by_name, only, run, tensor, tripled, values};
use crate::{Case, Given, ok};

pub(super) const CASES: &[Case] = &[
    ("drop-the-graph-first", graph_first),
    ("drop-the-context-first", context_first),
    ("output-outlives-the-next-run", output_outlives),
    ("error-outlives-its-cause", error_outlives),
    ("drop-unused", unused),
    ("tensors-come-and-go", tensors_come_and_go),
    ("contexts-come-and-go", contexts_come_and_go),
    ("graphs-come-and-go", graphs_come_and_go),
    ("tensors-hoarded", tensors_hoarded),
    ("contexts-hoarded", contexts_hoarded),
];

fn graph_first(_: Given<'_>) -> String {
    let graph = good(load_by_name("scale"));
    let context = good(graph.init_execution_context());
    drop(graph);
    assert_eq!(tripled(&context, 2.0), 6.0);
    ok()
}

fn context_first(_: Given<'_>) -> String {
    let graph = good(load_by_name("scale"));
    let context = good(graph.init_execution_context());
    let y = only(good(run(&context, [("x", tensor(&[1], &[2.0]))])));
    drop(context);
    drop(graph);
    assert_eq!(values(&y), [6.0]);
    ok()
}

fn output_outlives(_: Given<'_>) -> String {
    let context = context("scale");
    let first = only(good(run(&context, [("x", tensor(&[1], &[1.0]))])));
    assert_eq!(tripled(&context, 100.0), 300.0);
    assert_eq!(values(&first), [3.0]);
    ok()
}

fn error_outlives(_: Given<'_>) -> String {
    let context = context("scale");
    let Err(error) = run(&context, [("nobody", tensor(&[1], &[1.0]))]) else {
        panic!("an unknown input was accepted")
    };
    drop(context);
    assert!(!error.data().is_empty());
    ok()
}

fn unused(_: Given<'_>) -> String {
    for _ in 0..10 {
        drop(tensor(&[1], &[1.0]));
        drop(load_by_name("scale"));
        drop(context("scale"));
        drop(load_by_name("no such model"));
        drop(run(&context("scale"), [("x", tensor(&[1], &[1.0]))]));
    }
    assert_eq!(tripled(&context("scale"), 1.0), 3.0);
    ok()
}

/// 6 GiB, of which 32 MiB at a time.
fn tensors_come_and_go(_: Given<'_>) -> String {
    let data = vec![1; 16 << 20];
    let echo = context("echo_u8");
    for _ in 0..200 {
        let rows = (16 << 20) / 4;
        drop(Tensor::new(&[rows, 4], TensorType::U8, &data));
    }
    for _ in 0..20 {
        let x = Tensor::new(&[5 << 20, 3], TensorType::U8, &data[..15 << 20]);
        let y = only(good(run(&echo, [("x", x)])));
        assert_eq!(y.dimensions(), [5 << 20, 3]);
    }
    ok()
}

fn contexts_come_and_go(_: Given<'_>) -> String {
    let graph = good(load_by_name("scale"));
    for _ in 0..2000 {
        drop(good(graph.init_execution_context()));
    }
    assert_eq!(tripled(&good(graph.init_execution_context()), 1.0), 3.0);
    ok()
}

fn graphs_come_and_go(_: Given<'_>) -> String {
    for _ in 0..20_000 {
        drop(good(load_by_name("scale")));
    }
    assert_eq!(tripled(&context("scale"), 1.0), 3.0);
    ok()
}

/// 3 GiB of tensors, none of them let go. Told so or ended, a guest must not have all it wants.
fn tensors_hoarded(_: Given<'_>) -> String {
    let data = vec![1; 48 << 20];
    let hoard: Vec<Tensor> =
        (0..64).map(|_| Tensor::new(&[16 << 20, 3], TensorType::U8, &data)).collect();
    assert_eq!(hoard.len(), 64);
    ok()
}

fn contexts_hoarded(_: Given<'_>) -> String {
    let graph = good(load_by_name("digits"));
    let mut hoard = Vec::new();
    for _ in 0..20_000 {
        match graph.init_execution_context() {
            Ok(context) => hoard.push(context),
            Err(error) => return format!("refused: {}", super::code(&error)),
        }
    }
    format!("{} contexts", hoard.len())
}
