use std::fmt;
use std::ops::Deref;

use smallvec::SmallVec;

use crate::{DType, Error, Result};

/// The concrete dimensions of a tensor, outermost first (row-major). A scalar has none.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Shape(SmallVec<[usize; 6]>);

impl Shape {
    /// A shape from its dimensions.
    pub fn new(dims: impl IntoIterator<Item = usize>) -> Self {
        Self(dims.into_iter().collect())
    }

    /// The number of elements: the product of the dimensions, or 1 for a scalar.
    ///
    /// # Errors
    ///
    /// `TooLarge` when the product overflows, also where a later dimension is zero: such a shape is
    /// nonsense whatever its product.
    pub fn elements(&self) -> Result<usize> {
        let nonzero = self.0.iter().filter(|&&dim| dim != 0);
        let product = nonzero.copied().try_fold(1usize, usize::checked_mul);
        match product {
            None => Err(Error::too_large(format!("the dimensions {self} overflow"))),
            Some(_) if self.0.contains(&0) => Ok(0),
            Some(product) => Ok(product),
        }
    }

    /// The number of bytes a tensor of this shape and `dtype` holds.
    ///
    /// # Errors
    ///
    /// `TooLarge` when the product overflows.
    pub fn byte_len(&self, dtype: DType) -> Result<usize> {
        self.elements()?.checked_mul(dtype.size()).ok_or_else(|| {
            Error::too_large(format!("a {dtype} tensor of dimensions {self} overflows"))
        })
    }

    /// Whether `bytes` bytes are exactly a tensor of this shape and `dtype`.
    ///
    /// # Errors
    ///
    /// - `TooLarge`: the product of the dimensions overflows.
    /// - `InvalidArgument`: another length, saying both.
    pub fn check_len(&self, dtype: DType, bytes: usize) -> Result<()> {
        let expected = self.byte_len(dtype)?;
        if expected == bytes {
            return Ok(());
        }
        Err(Error::invalid_argument(format!(
            "a {dtype} tensor of dimensions {self} takes {expected} bytes, not {bytes}"
        )))
    }
}

impl Deref for Shape {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl From<&[usize]> for Shape {
    fn from(dims: &[usize]) -> Self {
        Self(SmallVec::from_slice(dims))
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(dims: [usize; N]) -> Self {
        Self::from(dims.as_slice())
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, dim) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{dim}")?;
        }
        f.write_str("]")
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn a_product_that_overflows_is_an_error() {
        let shape = Shape::from([usize::MAX, 2]);
        assert_eq!(shape.elements().unwrap_err().kind(), ErrorKind::TooLarge);
        let shape = Shape::from([usize::MAX / 2]);
        assert_eq!(shape.byte_len(DType::F64).unwrap_err().kind(), ErrorKind::TooLarge);
    }

    #[test]
    fn a_zero_does_not_hide_an_overflow() {
        let shape = Shape::from([usize::MAX, 2, 0]);
        assert_eq!(shape.elements().unwrap_err().kind(), ErrorKind::TooLarge);
    }

    #[test]
    fn empty_and_scalar_shapes() {
        assert_eq!(Shape::from([3, 0]).byte_len(DType::F32).unwrap(), 0);
        assert_eq!(Shape::default().byte_len(DType::F32).unwrap(), 4);
        assert_eq!(Shape::from([2, 3]).to_string(), "[2, 3]");
    }
}
