use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use godwit_backend::{Device, ExecutionContext, Graph, Memory, Result, Signature};

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
    pub(crate) signature: Signature,
    pub(crate) call: Call,
}

impl RemoteGraph {
    pub(crate) fn new(
        service: Arc<Service>,
        reactor: Arc<Reactor>,
        signature: Signature,
        call: Call,
    ) -> Self {
        Self(Arc::new(Inner { service, reactor, signature, call }))
    }
}

#[async_trait]
impl Graph for RemoteGraph {
    fn signature(&self) -> &Signature {
        &self.0.signature
    }

    fn device(&self) -> &Device {
        &self.0.service.device
    }

    /// None here: what the server holds, it holds for everybody.
    fn footprint(&self) -> u64 {
        0
    }

    async fn context(&self, memory: &Memory) -> Result<Box<dyn ExecutionContext>> {
        Ok(Box::new(RemoteContext::new(self.0.clone(), memory.clone())))
    }
}

impl fmt::Debug for RemoteGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteGraph")
            .field("device", &self.service.device.id)
            .field("signature", &self.signature)
            .finish_non_exhaustive()
    }
}
