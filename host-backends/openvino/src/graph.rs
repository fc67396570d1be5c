use std::fmt;
use std::sync::Arc;

use godwit_backend::{
    Dim, ExecutionContext, Graph, GraphInfo, Model, Pacing, Quota, Result, Shape, TensorInfo,
    async_trait,
};

use crate::context::OvContext;
use crate::copied::Copied;
use crate::guards::Guards;
use crate::origins::Origin;
use crate::ov::Compiled;

/// What every context of a graph shares.
pub(crate) struct Shared {
    pub(crate) compiled: Compiled,
    pub(crate) info: GraphInfo,
    /// Whether the inputs' dimensions alone say how much work a run is and how large its outputs are.
    pub(crate) steady: bool,
    pub(crate) guards: Guards,
    /// For each output, whether a run computes it.
    pub(crate) origins: Vec<Origin>,
    /// For each output, its dimensions if they are the same in every run.
    pub(crate) fixed: Vec<Option<Shape>>,
    pub(crate) copied: Copied,
    /// The model's bytes, which the library reads where they are.
    pub(crate) _model: Model,
    pub(crate) pacing: Pacing,
}

/// A model compiled for one of the library's devices.
#[derive(Debug)]
pub(crate) struct OvGraph(pub(crate) Arc<Shared>);

impl Shared {
    pub(crate) fn origin(&self, output: usize) -> Origin {
        self.origins.get(output).copied().unwrap_or(Origin::Computed)
    }

    /// The dimensions of an output, if they are the same in every run.
    pub(crate) fn fixed(&self, output: usize) -> Option<&Shape> {
        self.fixed.get(output)?.as_ref()
    }
}

/// The dimensions of an output that a model says to have always the same.
pub(crate) fn fixed(info: &TensorInfo) -> Option<Shape> {
    let known = |dim: &Dim| if let Dim::Known(size) = dim { Some(*size) } else { None };
    let dims: Option<Vec<usize>> = info.dims.as_ref()?.iter().map(known).collect();
    dims.map(Shape::new)
}

#[async_trait]
impl Graph for OvGraph {
    fn info(&self) -> &GraphInfo {
        &self.0.info
    }

    async fn context(&self, quota: &Quota) -> Result<Box<dyn ExecutionContext>> {
        Ok(Box::new(OvContext::open(self.0.clone(), quota.host.clone())?))
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("info", &self.info).finish_non_exhaustive()
    }
}
