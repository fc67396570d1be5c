//! Runs that a host has to refuse, and what is left after it has.

use super::{
    Tensor, TensorType, all, context, good, integers, load_by_name, only, refused, run, tensor,
    tripled, values,
};
use crate::{Case, Given, ok};

pub(super) const CASES: &[Case] = &[
    ("input-of-unknown-name", unknown_name),
    ("input-missing", missing),
    ("input-of-none", of_none),
    ("input-twice", twice),
    ("input-of-another-type", another_type),
    ("input-of-another-rank", another_rank),
    ("input-of-other-dimensions", other_dimensions),
    ("inputs-that-disagree", disagree),
    ("run-that-fails", run_that_fails),
    ("error-has-a-message", message),
    ("calls-after-errors", calls_after_errors),
];

fn one() -> Tensor {
    tensor(&[1], &[1.0])
}

/// `y` is an output's name; the others are nobody's.
fn unknown_name(_: Given<'_>) -> String {
    let scale = context("scale");
    all(["y", "X", "", "x "]
        .map(|name| refused(&format!("the input '{name}'"), run(&scale, [(name, one())]))))
}

fn missing(_: Given<'_>) -> String {
    refused("a run with one of two inputs", run(&context("add"), [("a", one())]))
}

fn of_none(_: Given<'_>) -> String {
    refused("a run without inputs", run(&context("scale"), []))
}

fn twice(_: Given<'_>) -> String {
    refused(
        "an input given twice",
        run(&context("scale"), [("x", one()), ("x", tensor(&[1], &[2.0]))]),
    )
}

/// The same number of bytes, as another type.
fn another_type(_: Given<'_>) -> String {
    let x = Tensor::new(&[1, 3], TensorType::I32, &[0; 12]);
    refused("i32 for f32", run(&context("echo_f32"), [("x", x)]))
}

fn another_rank(_: Given<'_>) -> String {
    let echo = context("echo_f32");
    let dims: [&[u32]; 3] = [&[3], &[1, 3, 1], &[1, 1, 1, 3]];
    all(dims.map(|dims| refused("another rank", run(&echo, [("x", tensor(dims, &[0.0; 3]))]))))
}

fn other_dimensions(_: Given<'_>) -> String {
    let x = tensor(&[1, 4], &[0.0; 4]);
    refused("four columns for three", run(&context("echo_f32"), [("x", x)]))
}

fn disagree(_: Given<'_>) -> String {
    let inputs = [("a", tensor(&[2], &[0.0; 2])), ("b", tensor(&[3], &[0.0; 3]))];
    refused("two and three to add", run(&context("add"), inputs))
}

/// Six values are two rows of three; five are none, and only the run can find out.
fn run_that_fails(_: Given<'_>) -> String {
    let context = context("two_rows");
    let line = refused("five values for two rows", run(&context, [("x", tensor(&[5], &[0.0; 5]))]));
    let y = only(good(run(&context, [("x", tensor(&[6], &[1.0; 6]))])));
    assert_eq!((y.dimensions(), values(&y)), (vec![2, 3], vec![1.0; 6]));
    line
}

fn message(_: Given<'_>) -> String {
    let Err(error) = load_by_name("no such model") else { panic!("there is such a model") };
    let (first, again) = (error.data(), error.data());
    assert!(!first.is_empty(), "the message is empty");
    assert!(first.len() < 65536, "the message has {} bytes", first.len());
    assert_eq!(first, again);
    assert!(error.code() == error.code(), "two codes for one error");
    ok()
}

fn calls_after_errors(_: Given<'_>) -> String {
    let graph = good(load_by_name("mixed"));
    let (failing, other) =
        (good(graph.init_execution_context()), good(graph.init_execution_context()));
    let scale = context("scale");
    for id in [2i64, 3, 4] {
        refused("an unknown input", run(&failing, [("nobody", one())]));
        refused("f32 for i64", run(&failing, [("ids", one()), ("mask", one())]));
        for context in [&failing, &other] {
            let y = only(good(run(context, [("ids", integers(&[id])), ("mask", one())])));
            assert_eq!(values(&y), [(id * id) as f32]);
        }
        assert_eq!(tripled(&scale, 1.0), 3.0);
    }
    ok()
}
