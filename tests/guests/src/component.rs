//! `wasi:nn` as it is.

pub use crate::bindings::wasi::nn::errors::{Error, ErrorCode};
pub use crate::bindings::wasi::nn::graph::{
    ExecutionTarget, Graph, GraphEncoding, load, load_by_name,
};
pub use crate::bindings::wasi::nn::inference::GraphExecutionContext;
pub use crate::bindings::wasi::nn::tensor::{Tensor, TensorType};

use crate::{assert_near, bytes, digit, floats};

/// What a call gave; a failed one ends the program with the host's message.
#[track_caller]
pub fn good<T>(outcome: Result<T, Error>) -> T {
    outcome.unwrap_or_else(|error| panic!("{:?}: {}", error.code(), error.data()))
}

/// The message of a call that had to fail with `code`.
#[track_caller]
pub fn refused<T>(outcome: Result<T, Error>, code: ErrorCode) -> String {
    let Err(error) = outcome else { panic!("the call went well; {code:?} was expected") };
    let message = error.data();
    assert_eq!(error.code(), code, "{message}");
    assert!(!message.is_empty(), "an error without a message");
    assert!(message.len() < 4096, "a message of {} bytes", message.len());
    message
}

/// The graph of this name.
#[track_caller]
pub fn graph(name: &str) -> Graph {
    good(load_by_name(name))
}

/// A context of the graph of this name.
#[track_caller]
pub fn context(name: &str) -> GraphExecutionContext {
    good(graph(name).init_execution_context())
}

/// An f32 tensor.
pub fn tensor(dims: &[u32], values: &[f32]) -> Tensor {
    Tensor::new(dims, TensorType::Fp32, &bytes(values))
}

/// An i64 tensor.
pub fn integers(dims: &[u32], values: &[i64]) -> Tensor {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Tensor::new(dims, TensorType::I64, &bytes)
}

/// Runs, with the inputs named.
pub fn run<const N: usize>(
    context: &GraphExecutionContext,
    inputs: [(&str, Tensor); N],
) -> Result<Vec<(String, Tensor)>, Error> {
    context.compute(inputs.into_iter().map(|(name, tensor)| (name.to_owned(), tensor)).collect())
}

/// The only output of a run, which must be called `name`.
#[track_caller]
pub fn only(outputs: Vec<(String, Tensor)>, name: &str) -> Tensor {
    let [(found, tensor)] = <[_; 1]>::try_from(outputs).expect("there is one output");
    assert_eq!(found, name);
    tensor
}

/// A tensor's values.
#[track_caller]
pub fn values(tensor: &Tensor) -> Vec<f32> {
    assert_eq!(tensor.ty(), TensorType::Fp32);
    floats(&tensor.data())
}

/// Asks `graph` about the digit.
#[track_caller]
pub fn classify(graph: &Graph) {
    let context = good(graph.init_execution_context());
    let outputs = good(run(&context, [("image", tensor(&digit::DIMS, &digit::image()))]));
    let logits = only(outputs, "logits");
    assert_eq!(logits.dimensions(), [1, 10]);
    assert_near(&values(&logits), &digit::LOGITS);
}

/// Three times each of these, by the model `scale`: that the host still works.
#[track_caller]
pub fn still_works() {
    let outputs = good(run(&context("scale"), [("x", tensor(&[2], &[1.0, -2.0]))]));
    assert_near(&values(&only(outputs, "y")), &[3.0, -6.0]);
}
