use std::fmt;

/// The type of a tensor's elements.
///
/// The first seven are those `wasi:nn` can name; models use the rest inside, and
/// [`DType::in_wasi_nn`] tells which a guest can see.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum DType {
    /// IEEE 754 binary16.
    F16,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
    /// The upper half of a binary32.
    Bf16,
    /// Unsigned 8-bit integer.
    U8,
    /// Signed 32-bit integer.
    I32,
    /// Signed 64-bit integer.
    I64,
    /// Signed 8-bit integer.
    I8,
    /// Unsigned 16-bit integer.
    U16,
    /// Signed 16-bit integer.
    I16,
    /// Unsigned 32-bit integer.
    U32,
    /// Unsigned 64-bit integer.
    U64,
    /// One byte an element: 0 is false, 1 is true.
    Bool,
}

impl DType {
    /// Every dtype.
    pub const ALL: [Self; 13] = [
        Self::F16,
        Self::F32,
        Self::F64,
        Self::Bf16,
        Self::U8,
        Self::I32,
        Self::I64,
        Self::I8,
        Self::U16,
        Self::I16,
        Self::U32,
        Self::U64,
        Self::Bool,
    ];

    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::F16 | Self::Bf16 | Self::U16 | Self::I16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }

    /// Whether `wasi:nn`'s `tensor-type` has a case for it.
    pub const fn in_wasi_nn(self) -> bool {
        matches!(
            self,
            Self::F16 | Self::F32 | Self::F64 | Self::Bf16 | Self::U8 | Self::I32 | Self::I64
        )
    }

    /// The lower-case name used in messages, reports and configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Bf16 => "bf16",
            Self::U8 => "u8",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::I8 => "i8",
            Self::U16 => "u16",
            Self::I16 => "i16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::Bool => "bool",
        }
    }

    /// Its number in ONNX: `TensorProto.DataType`.
    pub const fn onnx_number(self) -> i32 {
        match self {
            Self::F32 => 1,
            Self::U8 => 2,
            Self::I8 => 3,
            Self::U16 => 4,
            Self::I16 => 5,
            Self::I32 => 6,
            Self::I64 => 7,
            Self::Bool => 9,
            Self::F16 => 10,
            Self::F64 => 11,
            Self::U32 => 12,
            Self::U64 => 13,
            Self::Bf16 => 16,
        }
    }

    /// The dtype of that number in ONNX, which also has some that are not here: strings, complex numbers,
    /// floats of 8 bits and fewer.
    pub fn from_onnx(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|dtype| dtype.onnx_number() == number)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_onnx_is_one_dtype_or_none() {
        for dtype in DType::ALL {
            assert_eq!(DType::from_onnx(dtype.onnx_number()), Some(dtype));
        }
        for other in [0, 8, 14, 15, 17, -1] {
            assert_eq!(DType::from_onnx(other), None, "{other}");
        }
    }
}
