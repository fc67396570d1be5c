use std::sync::Arc;

use godwit_backend::{ExecutionContext, Graph, GraphInfo, Quota, Result, async_trait};

use super::context::CudaContext;
use super::loaded::LoadedGraph;

/// A model compiled for the GPU.
#[derive(Debug)]
pub(crate) struct CudaGraph(Arc<LoadedGraph>);

impl CudaGraph {
    pub(crate) fn new(graph: LoadedGraph) -> Self {
        Self(Arc::new(graph))
    }
}

#[async_trait]
impl Graph for CudaGraph {
    fn info(&self) -> &GraphInfo {
        &self.0.info
    }

    async fn context(&self, quota: &Quota) -> Result<Box<dyn ExecutionContext>> {
        self.0.gpu.alive()?;
        Ok(Box::new(CudaContext::new(self.0.clone(), quota.clone())?))
    }
}
