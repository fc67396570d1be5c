use godwit_backend::DType;
use tract_onnx::prelude::DatumType;

/// Every dtype tract computes with: all but bf16.
pub const CARRIED: [DType; 12] = [
    DType::F16,
    DType::F32,
    DType::F64,
    DType::U8,
    DType::I32,
    DType::I64,
    DType::I8,
    DType::U16,
    DType::I16,
    DType::U32,
    DType::U64,
    DType::Bool,
];

/// The contract's name for one of tract's dtypes. Symbolic dimensions leave a graph as `i64`.
pub fn of(datum: DatumType) -> Option<DType> {
    Some(match datum.unquantized() {
        DatumType::F16 => DType::F16,
        DatumType::F32 => DType::F32,
        DatumType::F64 => DType::F64,
        DatumType::U8 => DType::U8,
        DatumType::U16 => DType::U16,
        DatumType::U32 => DType::U32,
        DatumType::U64 => DType::U64,
        DatumType::I8 => DType::I8,
        DatumType::I16 => DType::I16,
        DatumType::I32 => DType::I32,
        DatumType::I64 | DatumType::TDim => DType::I64,
        DatumType::Bool => DType::Bool,
        _ => return None,
    })
}
