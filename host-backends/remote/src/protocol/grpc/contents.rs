//! Tensors received as lists of numbers.

use godwit_backend::{Buffer, DType, Memory};

use super::messages::Contents;
use crate::call_error::{CallError, CallResult};

/// The bytes of `contents`, which must be exactly `length`.
pub(super) fn bytes(
    contents: &Contents,
    dtype: DType,
    length: usize,
    memory: &Memory,
) -> CallResult<Buffer> {
    macro_rules! put {
        ($list:expr, $ty:ty) => {{
            if $list.len() * dtype.size() != length {
                return Err(unfit());
            }
            let mut buffer = memory.writable(length)?;
            for (slot, &value) in buffer.chunks_exact_mut(dtype.size()).zip(&$list) {
                let value = <$ty>::try_from(value).map_err(|_| unfit())?;
                slot.copy_from_slice(&value.to_le_bytes());
            }
            Ok(buffer.freeze())
        }};
    }
    match dtype {
        DType::Bool => put!(contents.bools, u8),
        DType::I8 => put!(contents.ints, i8),
        DType::I16 => put!(contents.ints, i16),
        DType::I32 => put!(contents.ints, i32),
        DType::I64 => put!(contents.longs, i64),
        DType::U8 => put!(contents.uints, u8),
        DType::U16 => put!(contents.uints, u16),
        DType::U32 => put!(contents.uints, u32),
        DType::U64 => put!(contents.ulongs, u64),
        DType::F32 => put!(contents.floats, f32),
        DType::F64 => put!(contents.doubles, f64),
        DType::F16 | DType::Bf16 => Err(unfit()),
    }
}

fn unfit() -> CallError {
    CallError::mismatch("the numbers are too few, too many or too large")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_integers_come_in_larger_ones() {
        let contents = Contents { ints: vec![-1, 127], ..Contents::default() };
        let memory = Memory::unlimited();
        assert_eq!(bytes(&contents, DType::I8, 2, &memory).unwrap()[..], [255, 127]);
        assert!(bytes(&contents, DType::I8, 3, &memory).is_err());
        assert!(bytes(&contents, DType::U8, 2, &memory).is_err());
        let contents = Contents { ints: vec![128], ..Contents::default() };
        assert!(bytes(&contents, DType::I8, 1, &memory).is_err());
    }
}
