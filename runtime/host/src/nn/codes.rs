//! The numbers and names of both ABIs. Each mapping is one exhaustive `match`.

use godwit_backend::{DType, DeviceKind, Encoding, Error, ErrorKind, Result};
use wasmtime::component::{ComponentType, Lift, Lower};

/// `wasi:nn/errors.error-code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub(super) enum ErrorCode {
    #[component(name = "invalid-argument")]
    InvalidArgument,
    #[component(name = "invalid-encoding")]
    InvalidEncoding,
    #[component(name = "timeout")]
    Timeout,
    #[component(name = "runtime-error")]
    RuntimeError,
    #[component(name = "unsupported-operation")]
    UnsupportedOperation,
    #[component(name = "too-large")]
    TooLarge,
    #[component(name = "not-found")]
    NotFound,
    #[component(name = "security")]
    Security,
    #[component(name = "unknown")]
    Unknown,
}

impl From<ErrorKind> for ErrorCode {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidArgument => Self::InvalidArgument,
            ErrorKind::InvalidEncoding => Self::InvalidEncoding,
            ErrorKind::Timeout | ErrorKind::Cancelled => Self::Timeout,
            ErrorKind::Unavailable | ErrorKind::DeviceLost | ErrorKind::Failed => {
                Self::RuntimeError
            }
            ErrorKind::Unsupported => Self::UnsupportedOperation,
            ErrorKind::TooLarge | ErrorKind::OutOfMemory => Self::TooLarge,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Denied => Self::Security,
            ErrorKind::Internal => Self::Unknown,
            // The contract may grow kinds; a guest then learns the message and this code.
            _ => Self::Unknown,
        }
    }
}

/// `wasi_ephemeral_nn`'s `nn_errno`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum Errno {
    Success = 0,
    InvalidArgument = 1,
    InvalidEncoding = 2,
    MissingMemory = 3,
    Busy = 4,
    RuntimeError = 5,
    UnsupportedOperation = 6,
    TooLarge = 7,
    NotFound = 8,
}

impl From<ErrorKind> for Errno {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidArgument => Self::InvalidArgument,
            ErrorKind::InvalidEncoding => Self::InvalidEncoding,
            ErrorKind::Unavailable => Self::Busy,
            ErrorKind::Unsupported | ErrorKind::Denied => Self::UnsupportedOperation,
            ErrorKind::TooLarge | ErrorKind::OutOfMemory => Self::TooLarge,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Timeout
            | ErrorKind::Cancelled
            | ErrorKind::DeviceLost
            | ErrorKind::Failed
            | ErrorKind::Internal => Self::RuntimeError,
            _ => Self::RuntimeError,
        }
    }
}

/// `wasi:nn/tensor.tensor-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub(super) enum TensorType {
    #[component(name = "FP16")]
    Fp16,
    #[component(name = "FP32")]
    Fp32,
    #[component(name = "FP64")]
    Fp64,
    #[component(name = "BF16")]
    Bf16,
    #[component(name = "U8")]
    U8,
    #[component(name = "I32")]
    I32,
    #[component(name = "I64")]
    I64,
}

impl From<TensorType> for DType {
    fn from(ty: TensorType) -> Self {
        match ty {
            TensorType::Fp16 => Self::F16,
            TensorType::Fp32 => Self::F32,
            TensorType::Fp64 => Self::F64,
            TensorType::Bf16 => Self::Bf16,
            TensorType::U8 => Self::U8,
            TensorType::I32 => Self::I32,
            TensorType::I64 => Self::I64,
        }
    }
}

impl TensorType {
    /// The case for `dtype`, if there is one.
    pub(super) fn of(dtype: DType) -> Option<Self> {
        match dtype {
            DType::F16 => Some(Self::Fp16),
            DType::F32 => Some(Self::Fp32),
            DType::F64 => Some(Self::Fp64),
            DType::Bf16 => Some(Self::Bf16),
            DType::U8 => Some(Self::U8),
            DType::I32 => Some(Self::I32),
            DType::I64 => Some(Self::I64),
            DType::I8 | DType::U16 | DType::I16 | DType::U32 | DType::U64 | DType::Bool => None,
        }
    }
}

/// `wasi:nn/graph.graph-encoding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "wasmtime makes the cases from the guest's numbers")]
pub(super) enum GraphEncoding {
    #[component(name = "openvino")]
    Openvino,
    #[component(name = "onnx")]
    Onnx,
    #[component(name = "tensorflow")]
    Tensorflow,
    #[component(name = "pytorch")]
    Pytorch,
    #[component(name = "tensorflowlite")]
    Tensorflowlite,
    #[component(name = "ggml")]
    Ggml,
    #[component(name = "autodetect")]
    Autodetect,
}

impl GraphEncoding {
    /// The encoding, or `None` to find it out from the bytes.
    pub(super) fn claimed(self) -> Option<Encoding> {
        match self {
            Self::Openvino => Some(Encoding::Openvino),
            Self::Onnx => Some(Encoding::Onnx),
            Self::Tensorflow => Some(Encoding::Tensorflow),
            Self::Pytorch => Some(Encoding::Pytorch),
            Self::Tensorflowlite => Some(Encoding::TensorflowLite),
            Self::Ggml => Some(Encoding::Ggml),
            Self::Autodetect => None,
        }
    }
}

/// `wasi:nn/graph.execution-target`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "wasmtime makes the cases from the guest's numbers")]
pub(super) enum ExecutionTarget {
    #[component(name = "cpu")]
    Cpu,
    #[component(name = "gpu")]
    Gpu,
    #[component(name = "tpu")]
    Tpu,
}

impl From<ExecutionTarget> for DeviceKind {
    fn from(target: ExecutionTarget) -> Self {
        match target {
            ExecutionTarget::Cpu => Self::Cpu,
            ExecutionTarget::Gpu => Self::Gpu,
            ExecutionTarget::Tpu => Self::Tpu,
        }
    }
}

/// A dtype by `wasi_ephemeral_nn`'s number, which is not `wasi:nn`'s.
pub(super) fn dtype_of_number(number: u8) -> Result<DType> {
    match number {
        0 => Ok(DType::F16),
        1 => Ok(DType::F32),
        2 => Ok(DType::F64),
        3 => Ok(DType::U8),
        4 => Ok(DType::I32),
        5 => Ok(DType::I64),
        _ => Err(Error::invalid_argument(format!("{number} is not a tensor type"))),
    }
}

/// An encoding by `wasi_ephemeral_nn`'s number, or `None` to find it out from the bytes.
///
/// Guests disagree on 5: some were compiled when it meant `ggml`, some when it meant `autodetect`. The bytes
/// of a GGUF file say so themselves, so looking at them serves both.
pub(super) fn encoding_of_number(number: i32) -> Result<Option<Encoding>> {
    match number {
        0 => Ok(Some(Encoding::Openvino)),
        1 => Ok(Some(Encoding::Onnx)),
        2 => Ok(Some(Encoding::Tensorflow)),
        3 => Ok(Some(Encoding::Pytorch)),
        4 => Ok(Some(Encoding::TensorflowLite)),
        5 | 6 => Ok(None),
        _ => Err(Error::invalid_argument(format!("{number} is not a graph encoding"))),
    }
}

/// A device kind by `wasi_ephemeral_nn`'s number.
pub(super) fn kind_of_number(number: i32) -> Result<DeviceKind> {
    match number {
        0 => Ok(DeviceKind::Cpu),
        1 => Ok(DeviceKind::Gpu),
        2 => Ok(DeviceKind::Tpu),
        _ => Err(Error::invalid_argument(format!("{number} is not an execution target"))),
    }
}
