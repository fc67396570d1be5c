//! The names that the Open Inference Protocol has for dtypes.

use godwit_backend::DType;

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

/// The dtype of that name. Text (`BYTES`) is none.
pub(super) fn dtype(text: &str) -> Option<DType> {
    DType::ALL.into_iter().find(|dtype| name(*dtype) == text)
}

/// Whether JSON has a form for it.
pub(super) const fn in_json(dtype: DType) -> bool {
    !matches!(dtype, DType::F16 | DType::Bf16)
}
