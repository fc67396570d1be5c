use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{
    Device, ExecutionContext, Graph, GraphInfo, InlinePolicy, Quota, Result, async_trait,
};
use tract_linalg::multithread::Executor;

use crate::compile::Compiled;
use crate::context::CpuContext;
use crate::cores::Cores;
use crate::loaded_graph::LoadedGraph;

/// A model compiled for the host's processor.
#[derive(Debug)]
pub(crate) struct CpuGraph(Arc<LoadedGraph>);

impl CpuGraph {
    pub(crate) fn new(
        compiled: Compiled,
        device: Device,
        cores: Arc<Cores>,
        together: Executor,
        inline_under: Duration,
    ) -> Self {
        let Compiled { plan, signature, footprint, shape_determined } = compiled;
        Self(Arc::new(LoadedGraph {
            plan,
            info: GraphInfo::new(signature, device, footprint),
            cores,
            together,
            inline: InlinePolicy::new(inline_under, shape_determined),
        }))
    }
}

#[async_trait]
impl Graph for CpuGraph {
    fn info(&self) -> &GraphInfo {
        &self.0.info
    }

    async fn context(&self, quota: &Quota) -> Result<Box<dyn ExecutionContext>> {
        let state = self.0.state()?;
        Ok(Box::new(CpuContext::new(self.0.clone(), state, quota.host.clone())))
    }
}
