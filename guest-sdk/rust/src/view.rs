use std::fmt;
use std::ops::Deref;

use crate::{DType, Element, Error, Result};

/// A tensor's data as a slice of `T`; it derefs to `[T]`.
///
/// The bytes received from the host are read in place, or copied once if they are not aligned for `T`.
pub struct View<T>(Data<T>);

enum Data<T> {
    InPlace(Vec<u8>),
    Copied(Vec<T>),
}

impl<T: Element> View<T> {
    pub(crate) fn new(dtype: DType, bytes: Vec<u8>) -> Result<Self> {
        if dtype != T::DTYPE {
            return Err(Error::invalid(format!(
                "the tensor's elements are {dtype}, not {}",
                T::DTYPE
            )));
        }
        crate::shape::elements_in(bytes.len(), dtype)?;
        Ok(Self(match bytemuck::try_cast_slice::<u8, T>(&bytes) {
            Ok(_) => Data::InPlace(bytes),
            Err(_) => Data::Copied(bytemuck::pod_collect_to_vec(&bytes)),
        }))
    }

    /// The elements as a vector.
    pub fn into_vec(self) -> Vec<T> {
        match self.0 {
            Data::InPlace(_) => self.to_vec(),
            Data::Copied(elements) => elements,
        }
    }
}

impl<T: Element> Deref for View<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            // This cast succeeded in `new`, and the bytes have not moved since.
            Data::InPlace(bytes) => bytemuck::try_cast_slice(bytes).unwrap_or_default(),
            Data::Copied(elements) => elements,
        }
    }
}

impl<T: Element> AsRef<[T]> for View<T> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<T: Element + fmt::Debug> fmt::Debug for View<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Code;

    fn bytes(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    #[test]
    fn another_element_type_is_refused() {
        let error = View::<i32>::new(DType::F32, bytes(&[1.0])).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert_eq!(error.message(), "the tensor's elements are f32, not i32");
    }

    #[test]
    fn a_broken_length_is_refused() {
        let error = View::<f32>::new(DType::F32, vec![0; 7]).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
    }

    #[test]
    fn an_empty_tensor_is_an_empty_slice() {
        assert!(View::<f64>::new(DType::F64, Vec::new()).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn elements_survive(values in prop::collection::vec(-1e6f32..1e6, 0..40)) {
            let view = View::<f32>::new(DType::F32, bytes(&values)).unwrap();
            prop_assert_eq!(&*view, values.as_slice());
            prop_assert_eq!(view.into_vec(), values);
        }
    }
}
