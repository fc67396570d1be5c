use godwit_backend::DType;

use crate::sys::migraphx::DataType;

/// The library's numbers for dtypes, which moved up by one when a type was put in front of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// From ROCm 7.1 on.
    WithFp4,
    /// Before.
    WithoutFp4,
}

impl Numbers {
    pub(crate) fn number(self, dtype: DType) -> DataType {
        let place = match dtype {
            DType::Bool => 1,
            DType::F16 => 2,
            DType::F32 => 3,
            DType::F64 => 4,
            DType::U8 => 5,
            DType::I8 => 6,
            DType::U16 => 7,
            DType::I16 => 8,
            DType::I32 => 9,
            DType::I64 => 10,
            DType::U32 => 11,
            DType::U64 => 12,
            DType::Bf16 => 16,
        };
        match self {
            Self::WithFp4 => place + 1,
            Self::WithoutFp4 => place,
        }
    }

    pub(crate) fn dtype(self, number: DataType) -> Option<DType> {
        DType::ALL.into_iter().find(|dtype| self.number(*dtype) == number)
    }
}
