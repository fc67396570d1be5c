use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use godwit_backend::{ErrorKind, ExecutionContext, Graph, GraphInfo, Inputs, Quota, Result, Run};

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
    fn info(&self) -> &GraphInfo {
        self.inner.info()
    }

    async fn context(&self, quota: &Quota) -> Result<Box<dyn ExecutionContext>> {
        let inner = note_loss(&self.lost, self.inner.context(quota).await)?;
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
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        let lost = &*self.lost;
        self.inner.run(inputs).map(move |outcome| note_loss(lost, outcome))
    }
}
