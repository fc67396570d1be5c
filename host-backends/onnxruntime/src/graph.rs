use std::sync::Arc;

use godwit_backend::{ExecutionContext, Graph, GraphInfo, Quota, Result, async_trait};

use crate::context::OrtContext;
use crate::loaded_graph::LoadedGraph;

/// A model compiled for one of the library's devices.
#[derive(Debug)]
pub(crate) struct OrtGraph(pub(crate) Arc<LoadedGraph>);

#[async_trait]
impl Graph for OrtGraph {
    fn info(&self) -> &GraphInfo {
        &self.0.info
    }

    async fn context(&self, quota: &Quota) -> Result<Box<dyn ExecutionContext>> {
        Ok(Box::new(OrtContext::new(self.0.clone(), quota.host.clone())))
    }
}
