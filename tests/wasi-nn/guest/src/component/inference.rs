//! Runs that a host has to get right.

use super::{
    GraphExecutionContext, Tensor, TensorType, context, good, integers, load_by_name, only, run,
    tensor, tripled, values,
};
use crate::{Case, Given, assert_near, digit, ok};

pub(super) const CASES: &[Case] = &[
    ("network", network),
    ("network-in-full-precision", network_in_full_precision),
    ("inputs-by-name", inputs_by_name),
    ("two-outputs", two_outputs),
    ("output-names", output_names),
    ("batches", batches),
    ("context-again", context_again),
    ("contexts-beside", contexts_beside),
    ("nothing-kept", nothing_kept),
    ("output-into-input", output_into_input),
];

#[track_caller]
fn logits() -> Vec<f32> {
    let image = tensor(&digit::DIMS, &digit::image());
    let logits = only(good(run(&context("digits"), [("image", image)])));
    assert_eq!(logits.dimensions(), [1, 10]);
    values(&logits)
}

/// The right class, and each score to a percent of the largest: what a network is good for.
fn network(_: Given<'_>) -> String {
    let logits = logits();
    assert_near(&logits, &digit::LOGITS, 0.12);
    let largest = |values: &[f32]| {
        let pairs = values.iter().enumerate();
        pairs.max_by(|one, other| one.1.total_cmp(other.1)).map(|(class, _)| class)
    };
    assert_eq!(largest(&logits), largest(&digit::LOGITS));
    ok()
}

/// A model of f32 computed in f32.
fn network_in_full_precision(_: Given<'_>) -> String {
    assert_near(&logits(), &digit::LOGITS, 1e-3);
    ok()
}

/// Of two types, given in both orders.
fn inputs_by_name(_: Given<'_>) -> String {
    let context = context("mixed");
    let ids = || ("ids", integers(&[2, 3]));
    let mask = || ("mask", tensor(&[2], &[1.0, 2.0]));
    for inputs in [[ids(), mask()], [mask(), ids()]] {
        assert_eq!(values(&only(good(run(&context, inputs)))), [4.0, 18.0]);
    }
    ok()
}

fn two_outputs(_: Given<'_>) -> String {
    let x = tensor(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let outputs = good(run(&context("split"), [("x", x)]));
    let found: Vec<_> = outputs.iter().map(|(_, y)| (y.dimensions(), values(y))).collect();
    assert_eq!(found.len(), 2);
    assert!(found.contains(&(vec![2, 3], vec![2.0, 4.0, 6.0, 8.0, 10.0, 12.0])), "{found:?}");
    assert!(found.contains(&(vec![2], vec![6.0, 15.0])), "{found:?}");
    ok()
}

fn output_names(_: Given<'_>) -> String {
    let x = tensor(&[1, 3], &[1.0, 2.0, 3.0]);
    let outputs = good(run(&context("split"), [("x", x)]));
    let mut names: Vec<&str> = outputs.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["doubled", "total"]);
    let total = outputs.iter().find(|(name, _)| name == "total").map(|(_, total)| values(total));
    assert_eq!(total, Some(vec![6.0]));
    ok()
}

/// One context, asked about one row, then more, then fewer.
fn batches(_: Given<'_>) -> String {
    let context = context("echo_f32");
    for rows in [1u32, 5, 2, 64, 1] {
        let data: Vec<f32> = (0..rows * 3).map(|i| i as f32).collect();
        let y = only(good(run(&context, [("x", tensor(&[rows, 3], &data))])));
        assert_eq!(y.dimensions(), [rows, 3]);
        assert_eq!(values(&y), data);
    }
    ok()
}

fn context_again(_: Given<'_>) -> String {
    let context = context("scale");
    for n in 0..200u16 {
        assert_eq!(tripled(&context, n.into()), f32::from(n) * 3.0);
    }
    ok()
}

fn contexts_beside(_: Given<'_>) -> String {
    let graph = good(load_by_name("scale"));
    let contexts: Vec<GraphExecutionContext> =
        (0..8).map(|_| good(graph.init_execution_context())).collect();
    let ask = |context: &GraphExecutionContext, n: u16| {
        only(good(run(context, [("x", tensor(&[1], &[n.into()]))])))
    };
    let numbers = 0..8u16;
    let outputs: Vec<Tensor> = contexts.iter().zip(numbers).map(|(c, n)| ask(c, n)).collect();
    for (output, n) in outputs.iter().zip(0..8u16).rev() {
        assert_eq!(values(output), [f32::from(n) * 3.0]);
    }
    ok()
}

/// `compute` takes inputs: what an earlier call brought is not among them.
fn nothing_kept(_: Given<'_>) -> String {
    let context = context("add");
    let one = |value| tensor(&[1], &[value]);
    let sum = only(good(run(&context, [("a", one(1.0)), ("b", one(2.0))])));
    assert_eq!(values(&sum), [3.0]);
    super::refused(
        "a run with one of two inputs, after one with both",
        run(&context, [("a", one(5.0))]),
    )
}

fn output_into_input(_: Given<'_>) -> String {
    let scale = context("scale");
    let x = Tensor::new(&[1], TensorType::Fp32, &2f32.to_le_bytes());
    let once = only(good(run(&scale, [("x", x)])));
    let twice = only(good(run(&scale, [("x", once)])));
    let sum = only(good(run(&context("add"), [("a", twice), ("b", tensor(&[1], &[0.5]))])));
    assert_eq!(values(&sum), [18.5]);
    ok()
}
