use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use godwit_backend::{
    Device, ErrorKind, ExecutionContext, Graph, Memory, Result, Run, Signature, Tensors,
};

/// A graph that remembers the loss of its device.
#[derive(Debug)]
pub(super) struct Watched {
    inner: Arc<dyn Graph>,
    lost: Arc<AtomicBool>,
}

impl Watched {
    pub(super) fn new(inner: Arc<dyn Graph>) -> Self {
        Self { inner, lost: Arc::default() }
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }
}

fn note_loss<T>(lost: &AtomicBool, outcome: Result<T>) -> Result<T> {
    if outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::DeviceLost) {
        lost.store(true, Ordering::Release);
    }
    outcome
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Graph for Watched {
    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn device(&self) -> &Device {
        self.inner.device()
    }

    fn footprint(&self) -> u64 {
        self.inner.footprint()
    }

    async fn context(&self, memory: &Memory) -> Result<Box<dyn ExecutionContext>> {
        let inner = note_loss(&self.lost, self.inner.context(memory).await)?;
        Ok(Box::new(WatchedContext { inner, lost: self.lost.clone() }))
    }
}

#[derive(Debug)]
struct WatchedContext {
    inner: Box<dyn ExecutionContext>,
    lost: Arc<AtomicBool>,
}

#[deny(clippy::missing_trait_methods)]
impl ExecutionContext for WatchedContext {
    fn run(&mut self, inputs: Tensors) -> Run<'_> {
        let lost = &*self.lost;
        self.inner.run(inputs).map(move |outcome| note_loss(lost, outcome))
    }
}
