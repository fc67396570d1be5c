use std::sync::Arc;

use godwit_backend::{ExecutionContext, Graph, GraphInfo, Quota, Result, async_trait};

use crate::context::RocmContext;
use crate::loaded_graph::LoadedGraph;

/// A model on one of the library's targets.
#[derive(Debug)]
pub(crate) struct RocmGraph(pub(crate) Arc<LoadedGraph>);

#[async_trait]
impl Graph for RocmGraph {
    fn info(&self) -> &GraphInfo {
        &self.0.info
    }

    async fn context(&self, quota: &Quota) -> Result<Box<dyn ExecutionContext>> {
        Ok(Box::new(RocmContext::new(self.0.clone(), quota.clone())))
    }
}
