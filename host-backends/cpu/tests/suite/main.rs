//! The CPU backend through its contract.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]

mod deep;
mod digits;
mod dtypes;
mod load;
mod runs;

use std::sync::Arc;
use std::time::Duration;

use futures::executor::block_on;
use godwit_backend::{
    Backend, CheckedContext, Error, Graph, Model, Quota, Result, Target, Tensor, Tensors,
};
use godwit_cpu::{CpuBackend, CpuOptions};

/// Runs never leave for a worker once they could stay.
const ALWAYS: Duration = Duration::MAX;

/// Every run is on a worker.
const NEVER: Duration = Duration::ZERO;

fn backend(threads: usize, inline_under: Duration) -> CpuBackend {
    CpuBackend::new(CpuOptions { threads: Some(threads), inline_under }).unwrap()
}

fn load(backend: &CpuBackend, onnx: impl Into<Vec<u8>>) -> Arc<dyn Graph> {
    try_load(backend, onnx).unwrap()
}

fn try_load(backend: &CpuBackend, onnx: impl Into<Vec<u8>>) -> Result<Arc<dyn Graph>> {
    block_on(backend.load(&Model::onnx("test", onnx), &Target::new("cpu:0")))
}

fn context(graph: &Arc<dyn Graph>) -> CheckedContext {
    block_on(CheckedContext::open(graph, &Quota::unlimited())).unwrap()
}

fn run<const N: usize>(
    context: &mut CheckedContext,
    inputs: [Tensor; N],
) -> Result<Tensors, Error> {
    block_on(context.run(inputs.into_iter().collect()))
}

fn floats(shape: impl Into<godwit_backend::Shape>, values: &[f32]) -> Tensor {
    Tensor::from_values(shape, values).unwrap()
}
