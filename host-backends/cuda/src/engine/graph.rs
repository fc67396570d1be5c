use std::fmt;
use std::sync::Arc;

use godwit_backend::{
    Device, Error, ExecutionContext, Graph, GraphInfo, Quota, Result, Signature, async_trait,
};
use godwit_tract::guarded;
use tract_onnx::prelude::{TypedSimplePlan, TypedSimpleState};

use super::compile::Compiled;
use super::context::CudaContext;
use super::gpu::Gpu;

/// What every context of a graph shares.
pub(crate) struct Shared {
    pub(crate) gpu: Arc<Gpu>,
    plan: Option<Arc<TypedSimplePlan>>,
    pub(crate) info: GraphInfo,
    pub(crate) tf32: bool,
    /// Of each input, whether it is wanted on the GPU alone.
    pub(crate) sent: Vec<bool>,
}

/// A model compiled for the GPU.
#[derive(Debug)]
pub(crate) struct CudaGraph(Arc<Shared>);

impl CudaGraph {
    pub(crate) fn new(
        gpu: Arc<Gpu>,
        compiled: Compiled,
        signature: Signature,
        device: Device,
        tf32: bool,
    ) -> Self {
        let Compiled { plan, footprint, sent, .. } = compiled;
        let plan = Some(plan);
        let info = GraphInfo::new(signature, device, footprint);
        Self(Arc::new(Shared { gpu, plan, info, tf32, sent }))
    }
}

impl Shared {
    /// A state without a past.
    pub(crate) fn state(&self) -> Result<TypedSimpleState> {
        let refused = || Error::failed("the GPU could not open the model");
        guarded(refused, || {
            let plan = self.plan.as_ref().ok_or_else(refused)?;
            plan.spawn().map_err(|error| refused().with_source(error))
        })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.gpu.bind();
        self.plan = None;
        self.gpu.give_back();
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

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The plan prints every weight.
        f.debug_struct("Shared").field("info", &self.info).finish_non_exhaustive()
    }
}
