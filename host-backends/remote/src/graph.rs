use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use godwit_backend::{ExecutionContext, Footprint, Graph, GraphInfo, Quota, Result, Signature};

use crate::context::RemoteContext;
use crate::protocol::Call;
use crate::reactor::Reactor;
use crate::service::Service;

/// A model of a server.
pub(crate) struct RemoteGraph(Arc<Inner>);

/// What graph and contexts share.
pub(crate) struct Inner {
    pub(crate) service: Arc<Service>,
    pub(crate) reactor: Arc<Reactor>,
    pub(crate) info: GraphInfo,
    pub(crate) call: Call,
}

impl RemoteGraph {
    pub(crate) fn new(
        service: Arc<Service>,
        reactor: Arc<Reactor>,
        signature: Signature,
        call: Call,
    ) -> Self {
        // What the server holds, it holds for everybody.
        let footprint = Footprint::default();
        let info = GraphInfo { signature, device: service.device.clone(), footprint };
        Self(Arc::new(Inner { service, reactor, info, call }))
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

impl fmt::Debug for RemoteGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteGraph").field("info", &self.info).finish_non_exhaustive()
    }
}
