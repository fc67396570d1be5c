//! Recording at the boundary between a host and its devices.

mod graph;
mod tape;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use godwit_backend::{Backend, Device, Graph, Model, Result, Target};

use self::graph::RecordedGraph;
pub use self::tape::{RecordLimits, Tape};
use crate::recording::LoadRecord;

/// Records all loads and runs of a backend on a [`Tape`], and changes none of them.
///
/// Tensors are copied after a run has ended, outside of its measured time. Beyond the tape's limits runs go on
/// unrecorded, and [`Tape::recording`] fails.
#[derive(Debug)]
pub struct Recorder {
    inner: Arc<dyn Backend>,
    tape: Tape,
}

impl Recorder {
    /// Records the loads and runs of `inner` on `tape`.
    pub fn new(inner: Arc<dyn Backend>, tape: Tape) -> Self {
        Self { inner, tape }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for Recorder {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn devices(&self) -> Result<Vec<Device>> {
        self.inner.devices()
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let began = Instant::now();
        let outcome = self.inner.load(model, target).await;
        let seconds = began.elapsed().as_secs_f64();
        let load = self.tape.loaded(LoadRecord::of(model, target, &outcome, seconds));
        Ok(Arc::new(RecordedGraph::new(outcome?, self.tape.clone(), load)))
    }
}
