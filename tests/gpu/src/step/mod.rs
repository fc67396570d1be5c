//! What is proven, step by step, the quick ones first.

mod agreement;
mod conformance;
mod demos;
mod exhaustion;
mod overhead;
mod streams;
mod traffic;
mod unload;

use std::sync::Arc;

use anyhow::{Result, anyhow};
use futures::executor::block_on;
use godwit_backend::{
    Backend, CheckedContext, Error, Graph, Memory, Model, Quota, Shape, Target, Tensor, Tensors,
};

use crate::machine::Machine;
use crate::report::Figures;

/// A step: what it is called, what it does.
type Step = fn(&Machine) -> Result<Figures>;

pub(crate) const STEPS: [(&str, Step); 9] = [
    ("agreement with cpu", agreement::step),
    ("bytes over PCIe", traffic::step),
    ("two contexts on two streams", streams::step),
    ("memory after unload", unload::step),
    ("out of memory", exhaustion::step),
    ("overhead", overhead::step),
    ("digits", demos::digits),
    ("semantic search", demos::search),
    ("conformance", conformance::step),
];

/// An error with all that the operator may read.
pub(crate) fn told(error: Error) -> anyhow::Error {
    anyhow!("{}", error.report())
}

/// The target, with operators allowed on the processor: some models of real size have such.
fn lenient(machine: &Machine) -> Target {
    match machine.cuda {
        Some(_) => machine.target.clone().with_option("fallback", "allowed"),
        None => machine.target.clone(),
    }
}

fn load(backend: &Arc<dyn Backend>, onnx: Vec<u8>, target: &Target) -> Result<Arc<dyn Graph>> {
    block_on(backend.load(&Model::onnx("model", onnx), target)).map_err(told)
}

fn open(graph: &Arc<dyn Graph>, memory: &Memory) -> Result<CheckedContext> {
    block_on(CheckedContext::open(graph, &Quota::of_host(memory.clone()))).map_err(told)
}

fn run(context: &mut CheckedContext, inputs: Tensors) -> Result<Tensors> {
    block_on(context.run(inputs)).map_err(told)
}

fn one(tensor: Tensor) -> Tensors {
    [tensor].into_iter().collect()
}

/// Values without an order, between minus one and one.
fn noise(shape: &[usize], seed: u32) -> Result<Tensor> {
    let count: usize = shape.iter().product();
    let mut state = seed.wrapping_mul(2_654_435_769).max(1);
    let values: Vec<f32> = (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            // 16 bits fit an f32 exactly.
            let high = u16::try_from(state >> 16).unwrap_or(0);
            f32::from(high) / f32::from(u16::MAX) * 2.0 - 1.0
        })
        .collect();
    Tensor::from_values(Shape::from(shape), &values).map_err(told)
}
