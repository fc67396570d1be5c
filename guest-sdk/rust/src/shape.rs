use crate::{DType, Error, Result};

/// The dimensions in the type of `wasi:nn`, checked to hold `len` elements.
pub(crate) fn check(dims: &[usize], dtype: DType, len: usize) -> Result<Vec<u32>> {
    let elements = elements(dims)?;
    if elements.checked_mul(dtype.size()).is_none() {
        return Err(Error::too_large(format!("a {dtype} tensor of {dims:?} overflows")));
    }
    if elements != len {
        return Err(Error::invalid(format!(
            "a tensor of {dims:?} holds {elements} elements, not the {len} given"
        )));
    }
    dims.iter()
        .map(|&dim| {
            u32::try_from(dim).map_err(|_| {
                Error::too_large(format!("the dimension {dim} of {dims:?} exceeds 32 bits"))
            })
        })
        .collect()
}

/// Elements in a slice of `bytes` bytes.
pub(crate) fn elements_in(bytes: usize, dtype: DType) -> Result<usize> {
    if bytes.is_multiple_of(dtype.size()) {
        return Ok(bytes / dtype.size());
    }
    Err(Error::invalid(format!(
        "{bytes} bytes are not a whole number of {dtype} elements of {} bytes",
        dtype.size()
    )))
}

fn elements(dims: &[usize]) -> Result<usize> {
    // A zero must not hide an overflow of the other dimensions.
    let nonzero = dims.iter().copied().filter(|&dim| dim != 0);
    match nonzero.into_iter().try_fold(1, usize::checked_mul) {
        None => Err(Error::too_large(format!("the product of {dims:?} overflows"))),
        Some(_) if dims.contains(&0) => Ok(0),
        Some(product) => Ok(product),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    fn code(dims: &[usize], dtype: DType, len: usize) -> Code {
        check(dims, dtype, len).unwrap_err().code()
    }

    #[test]
    fn dimensions_must_hold_what_is_given() {
        assert_eq!(check(&[2, 3], DType::F32, 6).unwrap(), [2, 3]);
        assert_eq!(code(&[2, 3], DType::F32, 5), Code::InvalidArgument);
        assert_eq!(code(&[2, 3], DType::F32, 7), Code::InvalidArgument);
    }

    #[test]
    fn no_dimensions_hold_one_element_and_a_zero_holds_none() {
        assert_eq!(check(&[], DType::U8, 1).unwrap(), []);
        assert_eq!(check(&[3, 0], DType::U8, 0).unwrap(), [3, 0]);
        assert_eq!(code(&[], DType::U8, 0), Code::InvalidArgument);
    }

    #[test]
    fn overflow_is_an_error_wherever_it_happens() {
        assert_eq!(code(&[usize::MAX, 2], DType::U8, 0), Code::TooLarge);
        assert_eq!(code(&[usize::MAX, 2, 0], DType::U8, 0), Code::TooLarge);
        assert_eq!(code(&[usize::MAX / 4], DType::F64, usize::MAX / 4), Code::TooLarge);
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_dimension_beyond_32_bits_is_an_error() {
        let dim = u32::MAX as usize + 1;
        assert_eq!(code(&[dim], DType::U8, dim), Code::TooLarge);
        assert_eq!(code(&[dim, 0], DType::U8, 0), Code::TooLarge);
    }

    #[test]
    fn bytes_come_in_whole_elements() {
        assert_eq!(elements_in(24, DType::F64).unwrap(), 3);
        assert_eq!(elements_in(0, DType::I64).unwrap(), 0);
        assert_eq!(elements_in(10, DType::F32).unwrap_err().code(), Code::InvalidArgument);
    }
}
