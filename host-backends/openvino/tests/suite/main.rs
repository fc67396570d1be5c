//! The backend on the real library.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]

mod copies;
mod library;
mod loads;
mod options;
mod outputs;

use std::sync::Arc;

use futures::executor::block_on;
use godwit_backend::{
    Backend, CheckedContext, Graph, Model, Quota, Result, Target, Tensor, Tensors,
};

/// A graph on the processor.
fn load(backend: &dyn Backend, model: &Model) -> Result<Arc<dyn Graph>> {
    block_on(backend.load(model, &Target::new("openvino-cpu:0")))
}

/// One run in a context of its own.
fn answer(graph: &Arc<dyn Graph>, inputs: impl IntoIterator<Item = Tensor>) -> Result<Tensors> {
    let mut context = block_on(CheckedContext::open(graph, &Quota::unlimited()))?;
    block_on(context.run(inputs.into_iter().collect()))
}

fn floats(values: &[f32]) -> Tensor {
    Tensor::from_values([values.len()], values).unwrap()
}
