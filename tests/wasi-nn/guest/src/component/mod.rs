//! `wasi:nn` as it is.

mod bindings;
mod errors;
mod inference;
mod lifetimes;
mod loading;
mod tensors;

pub(crate) use bindings::wasi::nn::errors::{Error, ErrorCode};
pub(crate) use bindings::wasi::nn::graph::{
    ExecutionTarget, Graph, GraphEncoding, load, load_by_name,
};
pub(crate) use bindings::wasi::nn::inference::GraphExecutionContext;
pub(crate) use bindings::wasi::nn::tensor::{Tensor, TensorType};

use crate::{Case, bytes, floats};

/// Every case.
pub const CASES: &[&[Case]] =
    &[tensors::CASES, loading::CASES, inference::CASES, errors::CASES, lifetimes::CASES];

/// Every tensor type, by the name that models use.
const TYPES: [(&str, TensorType); 7] = [
    ("f16", TensorType::Fp16),
    ("f32", TensorType::Fp32),
    ("f64", TensorType::Fp64),
    ("bf16", TensorType::Bf16),
    ("u8", TensorType::U8),
    ("i32", TensorType::I32),
    ("i64", TensorType::I64),
];

fn code(error: &Error) -> &'static str {
    match error.code() {
        ErrorCode::InvalidArgument => "invalid-argument",
        ErrorCode::InvalidEncoding => "invalid-encoding",
        ErrorCode::Timeout => "timeout",
        ErrorCode::RuntimeError => "runtime-error",
        ErrorCode::UnsupportedOperation => "unsupported-operation",
        ErrorCode::TooLarge => "too-large",
        ErrorCode::NotFound => "not-found",
        ErrorCode::Security => "security",
        ErrorCode::Unknown => "unknown",
    }
}

/// What a call gave; a failed one ends the case with the host's message. What the host says it lacks is
/// no mistake of its.
#[track_caller]
fn good<T>(outcome: Result<T, Error>) -> T {
    outcome.unwrap_or_else(|error| {
        let (code, message) = (code(&error), error.data().replace('\n', " "));
        if code == "unsupported-operation" {
            println!("unsupported: {message}");
            std::process::exit(0);
        }
        panic!("{code}: {message}")
    })
}

/// The line of a call that should be refused; one that was not ends the case.
#[track_caller]
fn refused<T>(what: &str, outcome: Result<T, Error>) -> String {
    match outcome {
        Ok(_) => panic!("{what} was accepted"),
        Err(error) => format!("refused: {}", code(&error)),
    }
}

/// The line of several such calls: what they have in common.
fn all(lines: impl IntoIterator<Item = String>) -> String {
    let mut lines: Vec<String> = lines.into_iter().collect();
    lines.sort();
    lines.dedup();
    match <[String; 1]>::try_from(lines) {
        Ok([line]) => line,
        Err(lines) => {
            let codes = lines.iter().map(|line| line.trim_start_matches("refused: "));
            format!("refused: {}", codes.collect::<Vec<_>>().join(" or "))
        }
    }
}

/// A context of the graph of this name.
#[track_caller]
fn context(name: &str) -> GraphExecutionContext {
    good(good(load_by_name(name)).init_execution_context())
}

/// An f32 tensor.
fn tensor(dims: &[u32], values: &[f32]) -> Tensor {
    Tensor::new(dims, TensorType::Fp32, &bytes(values))
}

/// An i64 tensor of one dimension.
fn integers(values: &[i64]) -> Tensor {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let len = u32::try_from(values.len()).expect("few values");
    Tensor::new(&[len], TensorType::I64, &bytes)
}

type Outputs = Vec<(String, Tensor)>;

/// Runs, with the inputs named.
fn run<const N: usize>(
    context: &GraphExecutionContext,
    inputs: [(&str, Tensor); N],
) -> Result<Outputs, Error> {
    context.compute(inputs.into_iter().map(|(name, tensor)| (name.to_owned(), tensor)).collect())
}

/// The only output of a run, whatever its name.
#[track_caller]
fn only(outputs: Outputs) -> Tensor {
    let count = outputs.len();
    let [(_, tensor)] =
        <[_; 1]>::try_from(outputs).unwrap_or_else(|_| panic!("{count} outputs instead of one"));
    tensor
}

/// A tensor's values.
#[track_caller]
fn values(tensor: &Tensor) -> Vec<f32> {
    assert!(tensor.ty() == TensorType::Fp32, "the output is {:?} instead of FP32", tensor.ty());
    floats(&tensor.data())
}

/// Asks a context of `scale`, which gives three times each.
#[track_caller]
fn tripled(context: &GraphExecutionContext, x: f32) -> f32 {
    let y = values(&only(good(run(context, [("x", tensor(&[1], &[x]))]))));
    assert_eq!(y.len(), 1);
    y[0]
}
