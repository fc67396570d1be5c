use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{
    Device, Error, ExecutionContext, Graph, GraphInfo, Pacing, Quota, Result, async_trait,
};
use tract_linalg::multithread::Executor;
use tract_onnx::prelude::{TypedSimplePlan, TypedSimpleState};

use crate::compile::Compiled;
use crate::context::CpuContext;
use crate::cores::Cores;
use godwit_tract::guarded;

/// What every context of a graph shares.
pub(crate) struct Shared {
    pub(crate) plan: Arc<TypedSimplePlan>,
    pub(crate) info: GraphInfo,
    pub(crate) steady: bool,
    pub(crate) cores: Arc<Cores>,
    pub(crate) together: Executor,
    pub(crate) pacing: Pacing,
}

/// A model compiled for the host's processor.
#[derive(Debug)]
pub(crate) struct CpuGraph(Arc<Shared>);

impl CpuGraph {
    pub(crate) fn new(
        compiled: Compiled,
        device: Device,
        cores: Arc<Cores>,
        together: Executor,
        inline_under: Duration,
    ) -> Self {
        let Compiled { plan, signature, footprint, steady } = compiled;
        Self(Arc::new(Shared {
            plan,
            info: GraphInfo::new(signature, device, footprint),
            steady,
            cores,
            together,
            pacing: Pacing::new(inline_under),
        }))
    }
}

impl Shared {
    /// A state without a past.
    pub(crate) fn state(&self) -> Result<TypedSimpleState> {
        let refused = || Error::failed("the CPU device could not open the model");
        guarded(refused, || self.plan.spawn().map_err(|error| refused().with_source(error)))
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

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The plan prints every weight.
        f.debug_struct("Shared").field("info", &self.info).finish_non_exhaustive()
    }
}
