//! The models the suite asks for, in the forms that backends read.

mod onnx;
mod scripts;

use std::fmt::Debug;

use godwit_backend::{DType, Model, Tensor};

pub use onnx::OnnxModels;
pub use scripts::ScriptModels;

/// A model that the suite needs, by what it does. All dims are symbols unless said otherwise.
#[derive(Debug, Clone, PartialEq)]
pub enum Case {
    /// `x` dtype\[batch, 3\] -> `y`, the same.
    Echo(DType),
    /// `x` f32\[\] -> `y`, the same.
    EchoScalar,
    /// `x` f32\[2, 3\] -> `y`, the same.
    EchoFixed,
    /// `a` f32\[n\], `b` f32\[n\] -> `sum` f32\[n\].
    Add,
    /// `x` f32\[n\] -> `y` f32\[n\], x times the factor.
    Scale(f32),
    /// `x` f32\[n, 3\] -> `doubled` f32\[n, 3\], `total` f32\[n\] of each row.
    Split,
    /// `ids` i64\[n\], `mask` f32\[n\] -> `y` f32\[n\] = ids² * mask. The run fails for an id that is not
    /// from 0 to 15.
    Mixed,
    /// `x` f32\[1\], `shape` i64\[1\] -> `y` f32\[m\], x as often as `shape` says.
    Expand,
    /// `x` f32\[rows, 256\] -> `y`, the same to f32's accuracy, after a long time for many rows.
    Long,
    /// `x` f32\[rows, 2048\] -> `y`, anything; 16 MB of weights.
    Heavy,
    /// A model with an operator that nobody has.
    UnknownOperator,
}

/// A model that must not get far.
#[derive(Debug, Clone)]
pub struct BadModel {
    /// What to call it in a failing test.
    pub name: String,
    /// The model.
    pub model: Model,
    /// Whether the file itself is broken, so that a check in front of the backend refuses it. Behind no
    /// check a device may come to an answer: harm is all it must not do.
    pub structural: bool,
}

/// Inputs, and the outputs that another implementation gave for them.
#[derive(Debug, Clone)]
pub struct Reference {
    /// What to call it in a failing test.
    pub name: String,
    /// The model.
    pub model: Model,
    /// By name, on the host.
    pub inputs: Vec<(String, Tensor)>,
    /// By name, in the model's order, on the host.
    pub outputs: Vec<(String, Tensor)>,
}

/// The models of the suite, for one kind of device.
pub trait Models: Debug + Send + Sync {
    /// The model that does what `case` says.
    fn model(&self, case: &Case) -> Model;

    /// Bytes that are no model, claimed to be one this device reads.
    fn garbage(&self) -> Model;

    /// Models that mean harm.
    fn bad(&self) -> Vec<BadModel>;

    /// Models with known answers.
    fn references(&self) -> Vec<Reference>;
}
