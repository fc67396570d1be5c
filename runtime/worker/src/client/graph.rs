use std::sync::Arc;

use godwit_backend::{
    ExecutionContext, Graph, GraphInfo, InlinePolicy, Quota, Result, async_trait,
};

use super::blame::Blame;
use super::call::{Got, Handle};
use super::channel::Channel;
use super::context::WorkerContext;
use super::link::Work;
use crate::Limits;
use crate::wire::Request;

/// A graph in the process.
#[derive(Debug)]
pub(super) struct WorkerGraph(pub(super) Arc<LoadedGraph>);

#[derive(Debug)]
pub(super) struct LoadedGraph {
    pub(super) handle: Handle,
    pub(super) work: Work,
    pub(super) info: GraphInfo,
    pub(super) inline: InlinePolicy,
    /// Short runs are computed on the caller's processor.
    pub(super) together: bool,
    pub(super) blame: Arc<Blame>,
    pub(super) limits: Limits,
}

#[async_trait]
impl Graph for WorkerGraph {
    fn info(&self) -> &GraphInfo {
        &self.0.info
    }

    async fn context(&self, quota: &Quota) -> Result<Box<dyn ExecutionContext>> {
        let graph = &self.0;
        let work = Work { tenant: Some(quota.host.budget().id()), ..graph.work };
        graph.blame.check(work)?;
        let (channel, files) = Channel::new(&graph.info.signature)?;
        let what = Request::Open {
            graph: graph.handle.id(),
            host: quota.host.budget().into(),
            device: (&quota.device).into(),
        };
        let call = graph.handle.link.ask(what, files, Some(work), graph.limits.open)?;
        let handle = call
            .answer(|got| match got {
                Got::Context(handle) => Some(handle),
                _ => None,
            })
            .await?;
        Ok(Box::new(WorkerContext::new(handle, channel, work, graph.clone(), quota.clone())))
    }
}
