use std::fmt;

use godwit_backend::{Dim, GraphInfo, Model, Pacing, Shape, TensorInfo};

use crate::copied::Copied;
use crate::guards::Guards;
use crate::origins::Origin;
use crate::ov::Compiled;

/// What every context of a graph shares.
pub(crate) struct LoadedGraph {
    pub(crate) compiled: Compiled,
    pub(crate) info: GraphInfo,
    /// Whether the inputs' dimensions alone say how much work a run is and how large its outputs are.
    pub(crate) shape_determined: bool,
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

impl LoadedGraph {
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

impl fmt::Debug for LoadedGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedGraph").field("info", &self.info).finish_non_exhaustive()
    }
}
