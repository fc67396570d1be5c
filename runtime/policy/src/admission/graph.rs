use std::sync::Arc;

use async_trait::async_trait;
use godwit_backend::{
    Budget, Charge, ExecutionContext, Graph, GraphInfo, Inputs, Quota, Result, Run, Tensors,
};

use super::RunLimits;
use super::gate::{Entry, Permit};

/// A graph that a tenant holds, and its charge: once, however often the tenant loads it, and as long as
/// any graph handle or context of the tenant is left.
#[derive(Debug)]
pub(super) struct Held {
    graph: Arc<dyn Graph>,
    _charge: Charge,
}

impl Held {
    pub(super) fn new(graph: Arc<dyn Graph>, charge: Charge) -> Self {
        Self { graph, _charge: charge }
    }

    /// Whether this is the charge for `graph`.
    pub(super) fn is(&self, graph: &Arc<dyn Graph>) -> bool {
        Arc::ptr_eq(&self.graph, graph)
    }
}

/// A graph whose runs need permits.
#[derive(Debug)]
pub(super) struct Admitted {
    held: Arc<Held>,
    run: Arc<RunLimits>,
    device_bytes: Budget,
}

impl Admitted {
    pub(super) fn new(held: Arc<Held>, run: Arc<RunLimits>, device_bytes: Budget) -> Self {
        Self { held, run, device_bytes }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Graph for Admitted {
    fn info(&self) -> &GraphInfo {
        self.held.graph.info()
    }

    async fn context(&self, quota: &Quota) -> Result<Box<dyn ExecutionContext>> {
        // The tenant's graphs and contexts share one account, whichever the caller brings.
        let quota = Quota { host: quota.host.clone(), device: self.device_bytes.clone() };
        let inner = self.held.graph.context(&quota).await?;
        Ok(Box::new(Limited { inner, run: self.run.clone(), _held: self.held.clone() }))
    }
}

/// A context whose runs need permits.
#[derive(Debug)]
struct Limited {
    inner: Box<dyn ExecutionContext>,
    run: Arc<RunLimits>,
    _held: Arc<Held>,
}

#[deny(clippy::missing_trait_methods)]
impl ExecutionContext for Limited {
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        let Self { inner, run, .. } = self;
        match run.gate.enter() {
            Ok(Entry::Now(permit)) => match inner.run(inputs).try_ready() {
                Ok(outcome) => Run::ready(outcome),
                Err(pending) => Run::pending(run.deadline.limit(finish(pending, permit))),
            },
            Ok(Entry::Wait(place)) => Run::pending(run.deadline.limit(async move {
                let permit = place.turn().await?;
                finish(inner.run(inputs), permit).await
            })),
            Err(busy) => Run::ready(Err(busy)),
        }
    }
}

/// Holds the permit as long as the run.
async fn finish(run: Run<'_>, permit: Permit) -> Result<Tensors> {
    let outcome = run.await;
    drop(permit);
    outcome
}
