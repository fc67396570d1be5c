use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{Device, Memory, Model, Result, Run, Signature, Target, Tensors};

/// Drives one family of devices: every GPU of one vendor, the host's CPUs, one remote service.
#[async_trait]
pub trait Backend: Debug + Send + Sync {
    /// The family's name as it appears in device ids and configuration, for example `cpu`.
    fn name(&self) -> &str;

    /// The devices that can be used now.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) when the whole family is absent; the
    /// message says what is missing, the source where it was looked for.
    fn devices(&self) -> Result<Vec<Device>>;

    /// Compiles `model` for exactly the device and options that `target` names.
    ///
    /// # Errors
    ///
    /// - `NotFound`: no such device in this family.
    /// - `InvalidEncoding`: the bytes are not what the model's encoding says.
    /// - `Unsupported`: an encoding, operator, dtype or option this device does not have.
    /// - `TooLarge`, `OutOfMemory`: it does not fit.
    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>>;
}

/// A model compiled for one device. Immutable, so every caller shares one.
#[async_trait]
pub trait Graph: Debug + Send + Sync {
    /// What goes in and what comes out.
    fn signature(&self) -> &Signature;

    /// The device this graph runs on.
    fn device(&self) -> &Device;

    /// Bytes of device memory held until the graph is dropped. Quotas charge this figure.
    fn footprint(&self) -> u64;

    /// Opens one caller's state. Outputs are allocated from `memory` and charged to its budget.
    async fn context(&self, memory: &Memory) -> Result<Box<dyn ExecutionContext>>;
}

/// One caller's state on a graph. Contexts of the same graph run side by side.
pub trait ExecutionContext: Debug + Send {
    /// One inference. `inputs` stand in the order of [`Signature::inputs`] and have passed
    /// [`Signature::check`]; outputs come in the order of [`Signature::outputs`].
    ///
    /// A run too short to be worth a thread hand-off may be finished before this returns
    /// ([`Run::ready`]); anything longer is pending, and dropping it cancels. A context stays usable
    /// after an error and after a cancelled run.
    ///
    /// # Errors
    ///
    /// `Failed` when the device or the graph fails, `OutOfMemory` or `TooLarge` when an output does not
    /// fit, `DeviceLost` when the device is gone.
    fn run(&mut self, inputs: Tensors) -> Run<'_>;
}
