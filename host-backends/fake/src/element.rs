use bytemuck::{NoUninit, Pod, pod_read_unaligned};
use godwit_backend::DType;
use half::{bf16, f16};

/// Adds `b` to `a` in place, element by element.
pub(crate) fn add(dtype: DType, a: &mut [u8], b: &[u8]) {
    fn each<T: Pod>(a: &mut [u8], b: &[u8], sum: impl Fn(T, T) -> T) {
        let size = size_of::<T>();
        for (a, b) in a.chunks_exact_mut(size).zip(b.chunks_exact(size)) {
            put(a, sum(pod_read_unaligned(a), pod_read_unaligned(b)));
        }
    }
    match dtype {
        DType::F16 => each(a, b, |x: f16, y| x + y),
        DType::Bf16 => each(a, b, |x: bf16, y| x + y),
        DType::F32 => each(a, b, |x: f32, y| x + y),
        DType::F64 => each(a, b, |x: f64, y| x + y),
        DType::U8 => each(a, b, u8::wrapping_add),
        DType::I8 => each(a, b, i8::wrapping_add),
        DType::U16 => each(a, b, u16::wrapping_add),
        DType::I16 => each(a, b, i16::wrapping_add),
        DType::U32 => each(a, b, u32::wrapping_add),
        DType::I32 => each(a, b, i32::wrapping_add),
        DType::U64 => each(a, b, u64::wrapping_add),
        DType::I64 => each(a, b, i64::wrapping_add),
        DType::Bool => each(a, b, |x: u8, y| x | y),
    }
}

/// One element as a number, exact up to 53 bits; 0 if there are not enough bytes.
#[allow(clippy::cast_precision_loss, reason = "it is a test double's perturbation, not a result")]
pub(crate) fn read(dtype: DType, bytes: &[u8]) -> f64 {
    let Some(bytes) = bytes.get(..dtype.size()) else { return 0.0 };
    match dtype {
        DType::F16 => pod_read_unaligned::<f16>(bytes).to_f64(),
        DType::Bf16 => pod_read_unaligned::<bf16>(bytes).to_f64(),
        DType::F32 => pod_read_unaligned::<f32>(bytes).into(),
        DType::F64 => pod_read_unaligned(bytes),
        DType::U8 | DType::Bool => pod_read_unaligned::<u8>(bytes).into(),
        DType::I8 => pod_read_unaligned::<i8>(bytes).into(),
        DType::U16 => pod_read_unaligned::<u16>(bytes).into(),
        DType::I16 => pod_read_unaligned::<i16>(bytes).into(),
        DType::U32 => pod_read_unaligned::<u32>(bytes).into(),
        DType::I32 => pod_read_unaligned::<i32>(bytes).into(),
        DType::U64 => pod_read_unaligned::<u64>(bytes) as f64,
        DType::I64 => pod_read_unaligned::<i64>(bytes) as f64,
    }
}

/// Writes `value` as one element: integers saturate, `bool` is "not zero".
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
pub(crate) fn write(dtype: DType, bytes: &mut [u8], value: f64) {
    match dtype {
        DType::F16 => put(bytes, f16::from_f64(value)),
        DType::Bf16 => put(bytes, bf16::from_f64(value)),
        DType::F32 => put(bytes, value as f32),
        DType::F64 => put(bytes, value),
        DType::U8 => put(bytes, value as u8),
        DType::I8 => put(bytes, value as i8),
        DType::U16 => put(bytes, value as u16),
        DType::I16 => put(bytes, value as i16),
        DType::U32 => put(bytes, value as u32),
        DType::I32 => put(bytes, value as i32),
        DType::U64 => put(bytes, value as u64),
        DType::I64 => put(bytes, value as i64),
        DType::Bool => put(bytes, u8::from(value != 0.0)),
    }
}

fn put<T: NoUninit>(bytes: &mut [u8], value: T) {
    bytes.copy_from_slice(bytemuck::bytes_of(&value));
}
