use std::sync::Arc;

use async_trait::async_trait;
use godwit_backend::{ExecutionContext, Graph, GraphInfo, Quota, Result};

use crate::context::RemoteContext;
use crate::loaded::LoadedModel;

/// A model of a server.
#[derive(Debug)]
pub(crate) struct RemoteGraph(Arc<LoadedModel>);

impl RemoteGraph {
    pub(crate) fn new(model: LoadedModel) -> Self {
        Self(Arc::new(model))
    }
}

#[async_trait]
impl Graph for RemoteGraph {
    fn info(&self) -> &GraphInfo {
        &self.0.info
    }

    async fn context(&self, quota: &Quota) -> Result<Box<dyn ExecutionContext>> {
        Ok(Box::new(RemoteContext::new(self.0.clone(), quota.host.clone())))
    }
}
