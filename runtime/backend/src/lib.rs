//! The contract between Godwit and the devices it runs on.
//!
//! Three traits, each a rung of the ladder `wasi:nn` climbs:
//!
//! | trait | is | lives as long as |
//! |---|---|---|
//! | [`Backend`] | the driver of one family of devices | the process |
//! | [`Graph`] | one [`Model`] compiled for one [`Device`]; immutable, shared | someone holds it |
//! | [`ExecutionContext`] | one caller's mutable state on a graph | that caller |
//!
//! The rules every implementation keeps:
//!
//! - **Nothing is substituted.** [`Backend::load`] serves the device its [`Target`] names or fails.
//! - **Dropping is cancelling.** Dropping a [`Run`] stops the work as soon as the device allows
//!   ([`Cancellation`] says when that is) and buffers outlive the device's use of them.
//! - **Inputs are checked once.** [`ExecutionContext::run`] takes [`Inputs`], which only a [`Signature`]
//!   makes. Values that only the device can judge are answered with an [`Error`], never with a panic.
//! - **Tensors move.** Cloning a [`Tensor`] costs a reference count, whatever its size.
//!
//! This crate knows no WebAssembly, no device and no native library.

mod backend;
mod blocking;
mod checked;
mod device;
mod dtype;
mod error;
mod host;
mod info;
mod inline;
mod inputs;
mod loads;
pub mod memory;
mod model;
mod model_files;
mod nearest;
mod run;
mod shape;
mod signature;
mod stop;
mod tensor;
mod wait;
mod wall;

pub use async_trait::async_trait;
pub use backend::{Backend, ExecutionContext, Graph};
pub use blocking::Workers;
pub use checked::CheckedContext;
pub use device::{Cancellation, Capabilities, Device, DeviceId, DeviceKind, DeviceMemory, Target};
pub use dtype::DType;
pub use error::{Error, ErrorKind, Result};
pub use host::{host_memory, host_processor};
pub use info::{Footprint, GraphInfo};
pub use inline::{InlineEstimate, InlinePolicy};
pub use inputs::Inputs;
pub use loads::Loads;
pub use memory::{Arena, Budget, Buffer, BufferMut, Charge, HostMemory, Memory, Quota};
pub use model::{Digest, Encoding, Model};
pub use model_files::{Hashing, ModelFiles};
pub use nearest::{known, nearest, one_of};
pub use run::{BoxFuture, Run};
pub use shape::Shape;
pub use signature::{Arrangement, Dim, Signature, TensorInfo};
pub use stop::Stop;
pub use tensor::{DeviceBuffer, Element, Tensor, TensorData, Tensors, on_host};
pub use wait::wait;
pub use wall::Wall;
