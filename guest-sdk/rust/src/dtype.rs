use std::fmt;

use crate::bindings::wasi::nn::tensor::TensorType;

/// The type of a tensor's elements: the seven of `wasi:nn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
}

impl DType {
    /// Every dtype.
    pub const ALL: [Self; 7] =
        [Self::F16, Self::F32, Self::F64, Self::Bf16, Self::U8, Self::I32, Self::I64];

    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::F16 | Self::Bf16 => 2,
            Self::F32 | Self::I32 => 4,
            Self::F64 | Self::I64 => 8,
        }
    }

    /// The lower-case name, as Rust and most model tools write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Bf16 => "bf16",
            Self::U8 => "u8",
            Self::I32 => "i32",
            Self::I64 => "i64",
        }
    }

    pub(crate) const fn to_wit(self) -> TensorType {
        match self {
            Self::F16 => TensorType::Fp16,
            Self::F32 => TensorType::Fp32,
            Self::F64 => TensorType::Fp64,
            Self::Bf16 => TensorType::Bf16,
            Self::U8 => TensorType::U8,
            Self::I32 => TensorType::I32,
            Self::I64 => TensorType::I64,
        }
    }

    pub(crate) const fn from_wit(ty: TensorType) -> Self {
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

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A Rust type that is the element of a tensor.
///
/// Implemented for `f32`, `f64`, `u8`, `i32`, `i64` and, with the feature `half`, for `f16` and
/// `bf16`. It is sealed: `wasi:nn` has no others.
pub trait Element: sealed::Plain {
    /// The element type this is in `wasi:nn`.
    const DTYPE: DType;
}

mod sealed {
    pub trait Plain: bytemuck::Pod {}
}

macro_rules! elements {
    ($($ty:ty => $dtype:ident),*) => {$(
        impl sealed::Plain for $ty {}
        impl Element for $ty {
            const DTYPE: DType = DType::$dtype;
        }
    )*};
}

elements!(f32 => F32, f64 => F64, u8 => U8, i32 => I32, i64 => I64);
#[cfg(feature = "half")]
elements!(half::f16 => F16, half::bf16 => Bf16);

// `wasi:nn` stores tensor data in little-endian order, and a slice is sent as it is in memory.
#[cfg(target_endian = "big")]
compile_error!(
    "godwit-guest sends slices as they are in memory, which requires a little-endian target"
);

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees<T: Element>() {
        assert_eq!(T::DTYPE.size(), size_of::<T>(), "{}", T::DTYPE);
    }

    #[test]
    fn elements_have_the_size_their_dtype_says() {
        agrees::<f32>();
        agrees::<f64>();
        agrees::<u8>();
        agrees::<i32>();
        agrees::<i64>();
        #[cfg(feature = "half")]
        {
            agrees::<half::f16>();
            agrees::<half::bf16>();
        }
    }

    #[test]
    fn every_dtype_survives_the_way_to_wit_and_back() {
        for dtype in DType::ALL {
            assert_eq!(DType::from_wit(dtype.to_wit()), dtype);
        }
    }
}
