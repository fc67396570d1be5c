//! Reading as much of an ONNX file as a search for one operator needs, and making inner values outputs.

mod expose;
mod outline;
mod wire;

pub(crate) use expose::expose;
pub(crate) use outline::{Node, Outline};
