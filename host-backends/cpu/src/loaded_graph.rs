use std::fmt;
use std::sync::Arc;

use godwit_backend::{Error, GraphInfo, InlinePolicy, Result};
use godwit_tract::guarded;
use tract_linalg::multithread::Executor;
use tract_onnx::prelude::{TypedSimplePlan, TypedSimpleState};

use crate::cores::Cores;

/// What every context of a graph shares.
pub(crate) struct LoadedGraph {
    pub(crate) plan: Arc<TypedSimplePlan>,
    pub(crate) info: GraphInfo,
    pub(crate) cores: Arc<Cores>,
    pub(crate) together: Executor,
    pub(crate) inline: InlinePolicy,
}

impl LoadedGraph {
    /// A state without a past.
    pub(crate) fn state(&self) -> Result<TypedSimpleState> {
        let refused = || Error::failed("the CPU device could not open the model");
        guarded(refused, || self.plan.spawn().map_err(|error| refused().with_source(error)))
    }
}

impl fmt::Debug for LoadedGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The plan prints every weight.
        f.debug_struct("LoadedGraph").field("info", &self.info).finish_non_exhaustive()
    }
}
