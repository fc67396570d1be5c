//! The Open Inference Protocol's names of dtypes.

use godwit_backend::{DType, Error, Result, Signature};

pub(super) const fn name(dtype: DType) -> &'static str {
    match dtype {
        DType::F16 => "FP16",
        DType::F32 => "FP32",
        DType::F64 => "FP64",
        DType::Bf16 => "BF16",
        DType::U8 => "UINT8",
        DType::I32 => "INT32",
        DType::I64 => "INT64",
        DType::I8 => "INT8",
        DType::U16 => "UINT16",
        DType::I16 => "INT16",
        DType::U32 => "UINT32",
        DType::U64 => "UINT64",
        DType::Bool => "BOOL",
    }
}

/// The dtype of that name. Text (`BYTES`) is not supported.
pub(super) fn dtype(text: &str) -> Option<DType> {
    DType::ALL.into_iter().find(|dtype| name(*dtype) == text)
}

/// Whether the protocol has a JSON form for it.
const fn in_json(dtype: DType) -> bool {
    !matches!(dtype, DType::F16 | DType::Bf16)
}

/// Fails if a dtype of `signature` has no JSON form.
pub(super) fn only_json(signature: &Signature) -> Result<()> {
    let mut infos = signature.inputs.iter().chain(&signature.outputs);
    infos.find(|info| !in_json(info.dtype)).map_or(Ok(()), |info| Err(no_json(info.dtype)))
}

/// The error for a dtype without a JSON form.
pub(super) fn no_json(dtype: DType) -> Error {
    Error::unsupported(format!("the remote service takes JSON, which has no {dtype}"))
}
