//! Elements as numbers: values, and distances in steps of their type.

use bytemuck::{Pod, pod_read_unaligned};
use godwit_backend::DType;
use half::{bf16, f16};

/// An element type of a tensor.
pub(crate) trait Number: Pod {
    /// The value, exact except for large 64-bit integers.
    fn value(self) -> f64;

    /// For floats the number of representable values in between, for integers the difference. `None` if one is NaN.
    fn steps(self, other: Self) -> Option<u64>;
}

macro_rules! floats {
    ($($ty:ty: $bits:ty, $to:expr);* $(;)?) => {$(
        impl Number for $ty {
            fn value(self) -> f64 {
                $to(self)
            }

            fn steps(self, other: Self) -> Option<u64> {
                if self.is_nan() || other.is_nan() {
                    return None;
                }
                // Sign and magnitude become an integer, 0 for both zeros.
                let place = |number: Self| {
                    let magnitude = i128::from(number.to_bits() & (<$bits>::MAX >> 1));
                    if number.is_sign_negative() { -magnitude } else { magnitude }
                };
                u64::try_from(place(self).abs_diff(place(other))).ok()
            }
        }
    )*};
}

floats! {
    f16: u16, f16::to_f64;
    bf16: u16, bf16::to_f64;
    f32: u32, f64::from;
    f64: u64, f64::from;
}

macro_rules! integers {
    ($($ty:ty),*) => {$(
        impl Number for $ty {
            #[allow(clippy::cast_precision_loss, reason = "documented at the trait")]
            fn value(self) -> f64 {
                self as f64
            }

            fn steps(self, other: Self) -> Option<u64> {
                u64::try_from(i128::from(self).abs_diff(i128::from(other))).ok()
            }
        }
    )*};
}

integers!(u8, i8, u16, i16, u32, i32, u64, i64);

/// A boolean: true unless the byte is 0.
#[derive(Clone, Copy, bytemuck::Zeroable, bytemuck::Pod)]
#[repr(transparent)]
pub(crate) struct Truth(u8);

impl Number for Truth {
    fn value(self) -> f64 {
        f64::from(u8::from(self.0 != 0))
    }

    fn steps(self, other: Self) -> Option<u64> {
        Some(u64::from((self.0 != 0) != (other.0 != 0)))
    }
}

/// Evaluates an expression with `$T` as the element type of a dtype known only at run time.
macro_rules! with_element {
    ($dtype:expr, $T:ident => $body:expr) => {
        $crate::number::with_element!(
            @ $dtype, $T, $body,
            F16 ::half::f16, Bf16 ::half::bf16, F32 f32, F64 f64, U8 u8, I8 i8, U16 u16, I16 i16,
            U32 u32, I32 i32, U64 u64, I64 i64, Bool $crate::number::Truth
        )
    };
    (@ $dtype:expr, $T:ident, $body:expr, $($variant:ident $ty:ty),*) => {
        match $dtype {
            $(::godwit_backend::DType::$variant => {
                type $T = $ty;
                $body
            })*
        }
    };
}
pub(crate) use with_element;

/// The elements of `bytes`, aligned or not.
pub(crate) fn elements<T: Number>(bytes: &[u8]) -> impl ExactSizeIterator<Item = T> + Clone + '_ {
    bytes.chunks_exact(size_of::<T>()).map(pod_read_unaligned)
}

/// Every element as a number.
pub(crate) fn values(dtype: DType, bytes: &[u8]) -> Vec<f64> {
    with_element!(dtype, T => elements::<T>(bytes).map(T::value).collect())
}

/// Whether `dtype` has fractions.
pub(crate) fn is_float(dtype: DType) -> bool {
    matches!(dtype, DType::F16 | DType::Bf16 | DType::F32 | DType::F64)
}

/// The largest relative error of rounding to `dtype`: half the distance from 1 to the next value. 0 for integers.
pub(crate) fn unit_roundoff(dtype: DType) -> f64 {
    match dtype {
        DType::F64 => f64::EPSILON / 2.0,
        DType::F32 => f64::from(f32::EPSILON) / 2.0,
        DType::F16 => f16::EPSILON.to_f64() / 2.0,
        DType::Bf16 => bf16::EPSILON.to_f64() / 2.0,
        _ => 0.0,
    }
}

/// A dtype by its name in files.
pub(crate) fn dtype_named(name: &str) -> Option<DType> {
    DType::ALL.into_iter().find(|dtype| dtype.name() == name)
}

/// A count as a float.
#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(crate) fn count(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_floats_are_counted_across_zero() {
        assert_eq!(1.0f32.steps(1.0 + f32::EPSILON), Some(1));
        assert_eq!(0.0f32.steps(-0.0), Some(0));
        let least = f32::from_bits(1);
        assert_eq!(least.steps(-least), Some(2));
        assert_eq!(1.0f64.steps(2.0), Some(1 << 52));
        assert_eq!(f16::ONE.steps(f16::from_f32(2.0)), Some(1 << 10));
        assert_eq!(bf16::ONE.steps(bf16::from_f32(2.0)), Some(1 << 7));
        assert_eq!(f32::NAN.steps(1.0), None);
        assert_eq!(f32::MAX.steps(f32::INFINITY), Some(1));
    }

    #[test]
    fn steps_of_integers_do_not_wrap() {
        assert_eq!(i64::MIN.steps(i64::MAX), Some(u64::MAX));
        assert_eq!(3u8.steps(5), Some(2));
    }

    #[test]
    fn unit_roundoffs_are_those_of_the_formats() {
        let expected = [
            (DType::F16, 2f64.powi(-11)),
            (DType::Bf16, 2f64.powi(-8)),
            (DType::F32, 2f64.powi(-24)),
            (DType::F64, 2f64.powi(-53)),
        ];
        for (dtype, roundoff) in expected {
            assert_eq!(unit_roundoff(dtype), roundoff, "{dtype}");
        }
    }
}
