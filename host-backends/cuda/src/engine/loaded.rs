//! A model on the GPU.

use std::fmt;
use std::sync::Arc;

use godwit_backend::{Device, Error, GraphInfo, Result, Signature};
use godwit_tract::guarded;
use tract_onnx::prelude::{TypedSimplePlan, TypedSimpleState};

use super::compile::Compiled;
use super::gpu::Gpu;

/// A compiled model, shared by all contexts of its graph. Its memory is freed with the last of them.
pub(crate) struct LoadedGraph {
    pub(crate) gpu: Arc<Gpu>,
    plan: Option<Arc<TypedSimplePlan>>,
    pub(crate) info: GraphInfo,
    pub(crate) tf32: bool,
    /// For each input, whether it is used only on the GPU.
    pub(crate) sent: Vec<bool>,
}

impl LoadedGraph {
    pub(crate) fn new(
        gpu: Arc<Gpu>,
        compiled: Compiled,
        signature: Signature,
        device: Device,
        tf32: bool,
    ) -> Self {
        let Compiled { plan, footprint, sent, .. } = compiled;
        let info = GraphInfo::new(signature, device, footprint);
        Self { gpu, plan: Some(plan), info, tf32, sent }
    }

    /// A new state for runs.
    pub(crate) fn state(&self) -> Result<TypedSimpleState> {
        let refused = || Error::failed("the GPU cannot open the model");
        guarded(refused, || {
            let plan = self.plan.as_ref().ok_or_else(refused)?;
            plan.spawn().map_err(|error| refused().with_source(error))
        })
    }
}

impl Drop for LoadedGraph {
    fn drop(&mut self) {
        self.gpu.bind();
        self.plan = None;
        self.gpu.give_back();
    }
}

impl fmt::Debug for LoadedGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The plan prints every weight.
        f.debug_struct("LoadedGraph").field("info", &self.info).finish_non_exhaustive()
    }
}
