//! Running models: tract's kernels, its device context metered, a lane a stream.

mod census;
mod compile;
mod context;
mod crossing;
mod empty;
mod evaluate;
mod gpu;
mod graph;
mod lane;
mod meter;
mod pinned;
mod pool;
mod proof;
mod registered;
mod resident;

pub(crate) use compile::{Uncompiled, compile, parse};
pub(crate) use gpu::Gpu;
pub(crate) use graph::CudaGraph;
pub use meter::Traffic;
