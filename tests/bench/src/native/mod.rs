//! The libraries called from Rust, as a program without a sandbox would: inputs and outputs bound before the
//! clock starts, one thread.

mod onnxruntime;
mod openvino;
mod tract;

use anyhow::Result;

pub(crate) use self::onnxruntime::OnnxRuntime;
pub(crate) use self::openvino::OpenVino;
pub(crate) use self::tract::Tract;
use crate::measure::Side;

pub(crate) trait Native: Side {
    /// Of the answer, to compare with the guest's.
    fn digest(&self) -> Result<u64>;
}
