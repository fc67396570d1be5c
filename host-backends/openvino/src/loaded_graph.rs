use std::fmt;

use godwit_backend::{GraphInfo, InlinePolicy, Model, Shape};

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
    pub(crate) inline: InlinePolicy,
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

impl fmt::Debug for LoadedGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedGraph").field("info", &self.info).finish_non_exhaustive()
    }
}
