//! Whether an output is the one that a case asks for.

use godwit_backend::{DType, Tensor};
use half::{bf16, f16};

/// How far an element may be from the expected one: `absolute + relative * |expected|`, and as much more
/// as rounding the largest expected element, or 1, `ROUNDINGS` times can cost: where large terms cancel,
/// what is left has an error of their size, and terms of about 1 are in every sigmoid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Of the expected value.
    pub relative: f64,
    /// Whatever the expected value.
    pub absolute: f64,
}

/// Of the largest element of an output, or of 1.
const ROUNDINGS: f64 = 16.0;

/// That of the onnx package for every operator test.
pub const ONNX: Tolerance = Tolerance { relative: 1e-3, absolute: 1e-7 };

impl Tolerance {
    /// For elements of `dtype` among terms up to `largest`.
    fn among(self, dtype: DType, largest: f64) -> Self {
        // Room for two roundings where a dtype is coarser than the tolerance itself.
        let (relative, rounding) = match dtype {
            DType::F16 => (2.0 * f64::from(f16::EPSILON), 0.0),
            DType::Bf16 => (2.0 * f64::from(bf16::EPSILON), 0.0),
            DType::F32 => (0.0, f64::from(f32::EPSILON)),
            _ => (0.0, f64::EPSILON),
        };
        let absolute = self.absolute + ROUNDINGS * rounding * largest;
        Self { relative: self.relative.max(relative), absolute }
    }

    fn admits(self, got: f64, wanted: f64) -> bool {
        if got.is_nan() || wanted.is_nan() {
            return got.is_nan() && wanted.is_nan();
        }
        // Infinities are equal or too far apart.
        let near = (got - wanted).abs() <= self.absolute + self.relative * wanted.abs();
        got == wanted || (wanted.is_finite() && near)
    }
}

/// The first thing about `got` that is not as `wanted`, or `None` if all is. Integers and truth values
/// must be equal, floating-point numbers within `tolerance`, NaN where NaN is wanted.
pub fn difference(got: &Tensor, wanted: &Tensor, tolerance: Tolerance) -> Option<String> {
    if got.dtype() != wanted.dtype() || got.shape() != wanted.shape() {
        return Some(format!("is {got} instead of {wanted}"));
    }
    let (Some(got_bytes), Some(wanted_bytes)) = (got.host(), wanted.host()) else {
        return Some("is not on the host".to_owned());
    };
    let size = got.dtype().size();
    let floats = float(got.dtype());
    let largest = floats.map_or(0.0, |float| {
        let sizes = wanted_bytes.chunks_exact(size).map(|one| float(one).abs());
        sizes.filter(|size| size.is_finite()).fold(1.0, f64::max)
    });
    let tolerance = tolerance.among(got.dtype(), largest);
    let mut differing = 0usize;
    let mut first = None;
    let pairs = got_bytes.chunks_exact(size).zip(wanted_bytes.chunks_exact(size));
    for (index, (got_one, wanted_one)) in pairs.enumerate() {
        let same = match floats {
            Some(float) => tolerance.admits(float(got_one), float(wanted_one)),
            None => got_one == wanted_one,
        };
        if !same {
            differing += 1;
            first.get_or_insert_with(|| {
                let (got_one, wanted_one) =
                    (show(got.dtype(), got_one), show(got.dtype(), wanted_one));
                format!("element {index} is {got_one} instead of {wanted_one}")
            });
        }
    }
    let all = got_bytes.len() / size;
    first.map(|first| format!("{first}; {differing} of {all} differ"))
}

type Reader = fn(&[u8]) -> f64;

fn float(dtype: DType) -> Option<Reader> {
    Some(match dtype {
        DType::F16 => |bytes| bytemuck_read::<f16>(bytes).to_f64(),
        DType::Bf16 => |bytes| bytemuck_read::<bf16>(bytes).to_f64(),
        DType::F32 => |bytes| f64::from(bytemuck_read::<f32>(bytes)),
        DType::F64 => |bytes| bytemuck_read::<f64>(bytes),
        _ => return None,
    })
}

fn bytemuck_read<T: bytemuck::AnyBitPattern>(bytes: &[u8]) -> T {
    bytemuck::pod_read_unaligned(bytes)
}

fn show(dtype: DType, bytes: &[u8]) -> String {
    if let Some(float) = float(dtype) {
        // Enough to see the difference, few enough to be the same on every processor.
        return format!("{:.3e}", float(bytes));
    }
    let mut wide = [0u8; 8];
    wide.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    let bits = u64::from_le_bytes(wide);
    let unused = 64 - 8 * u32::try_from(bytes.len().clamp(1, 8)).unwrap_or(8);
    match dtype {
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => {
            ((bits << unused).cast_signed() >> unused).to_string()
        }
        DType::Bool => (bits != 0).to_string(),
        _ => bits.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(values: &[f32]) -> Tensor {
        Tensor::from_values([values.len()], values).unwrap()
    }

    #[test]
    fn floats_may_be_near_and_nan_is_nan() {
        let wanted = floats(&[1.0, f32::NAN, f32::INFINITY, 0.0]);
        assert_eq!(
            difference(&floats(&[1.0009, f32::NAN, f32::INFINITY, 5e-8]), &wanted, ONNX),
            None
        );
        for wrong in [
            [1.002, f32::NAN, f32::INFINITY, 0.0],
            [1.0, 1.0, f32::INFINITY, 0.0],
            [1.0, f32::NAN, f32::NEG_INFINITY, 0.0],
            [1.0, f32::NAN, 1e30, 0.0],
            [1.0, f32::NAN, f32::INFINITY, 3e-6],
        ] {
            assert!(difference(&floats(&wrong), &wanted, ONNX).is_some(), "{wrong:?}");
        }
    }

    #[test]
    fn integers_are_equal_or_wrong() {
        let of = |values: &[i8]| Tensor::from_values([values.len()], values).unwrap();
        assert_eq!(difference(&of(&[-1, 2]), &of(&[-1, 2]), ONNX), None);
        let said = difference(&of(&[-1, 2]), &of(&[-2, 2]), ONNX).unwrap();
        assert_eq!(said, "element 0 is -1 instead of -2; 1 of 2 differ");
    }

    #[test]
    fn another_shape_or_dtype_is_wrong_whatever_the_bytes() {
        let one = Tensor::from_values([1, 2], &[1f32, 2.0]).unwrap();
        let said = difference(&one, &floats(&[1.0, 2.0]), ONNX).unwrap();
        assert_eq!(said, "is f32[1, 2] instead of f32[2]");
        let bits = Tensor::from_values([2], &[0x3f80_0000i32, 0x4000_0000]).unwrap();
        assert!(difference(&bits, &floats(&[1.0, 2.0]), ONNX).is_some());
    }
}
