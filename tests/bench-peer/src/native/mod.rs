//! The libraries called from Rust, as a program without a sandbox would.

mod onnxruntime;
mod openvino;

use anyhow::Result;

pub(crate) use self::onnxruntime::OnnxRuntime;
pub(crate) use self::openvino::OpenVino;
use crate::measure::Side;

pub(crate) trait Native: Side {
    /// Of the answer, to compare with the guest's.
    fn digest(&self) -> Result<u64>;
}
