//! Runs models with tract's kernels, on a metered device context, each thread with its own CUDA stream.

mod compile;
mod context;
mod crossing;
mod empty;
mod evaluate;
mod gpu;
mod graph;
mod loaded;
mod meter;
mod pinned;
mod placement;
mod pool;
mod registered;
mod resident;
mod self_test;
mod stream;

pub(crate) use compile::{Uncompiled, compile, parse};
pub(crate) use gpu::Gpu;
pub(crate) use graph::CudaGraph;
pub(crate) use loaded::LoadedGraph;
pub use meter::Traffic;
