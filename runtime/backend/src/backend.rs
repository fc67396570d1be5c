use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{Device, GraphInfo, Inputs, Model, Quota, Result, Run, Target};

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
    /// What goes in and out, where it runs and what it holds there.
    fn info(&self) -> &GraphInfo;

    /// Opens one caller's state.
    ///
    /// Outputs on the host are allocated from [`Quota::host`]. What stays on the device for the caller, such as
    /// resident outputs and the context's own state, is charged to [`Quota::device`].
    ///
    /// # Errors
    ///
    /// `TooLarge` when the quota is spent, `OutOfMemory` or `DeviceLost` of the device.
    async fn context(&self, quota: &Quota) -> Result<Box<dyn ExecutionContext>>;
}

/// One caller's state on a graph. Contexts of the same graph run side by side.
pub trait ExecutionContext: Debug + Send {
    /// One inference. Outputs come in the order of [`Signature::outputs`](crate::Signature::outputs).
    ///
    /// A run too short to be worth a thread hand-off may be finished before this returns
    /// ([`Run::ready`]); anything longer is pending, and dropping it cancels. A context stays usable
    /// after an error and after a cancelled run.
    ///
    /// # Errors
    ///
    /// `Failed` when the device or the graph fails, `OutOfMemory` or `TooLarge` when an output does not
    /// fit, `DeviceLost` when the device is gone.
    fn run(&mut self, inputs: Inputs) -> Run<'_>;
}
