use std::fmt;

use crate::bindings::wasi::nn::tensor::Tensor as HostTensor;
use crate::{DType, Element, Result, View, shape};

/// Dimensions, an element type and data in row-major order.
///
/// The data is stored by the host: creating a tensor sends it, and [`view`](Self::view) fetches it.
/// An output that is passed to the next run as an input does not pass through the guest.
pub struct Tensor(HostTensor);

impl Tensor {
    /// A tensor of `dims`, outermost first, filled with `elements` in row-major order.
    ///
    /// `wasi:nn` requires `[1]` as the dimensions of a scalar.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` when `dims` do not match the number of `elements`; `TooLarge` when their product
    /// overflows.
    pub fn from_slice<T: Element>(dims: &[usize], elements: &[T]) -> Result<Self> {
        let dims = shape::check(dims, T::DTYPE, elements.len())?;
        Ok(Self::send(&dims, T::DTYPE, bytemuck::cast_slice(elements)))
    }

    /// A tensor from little-endian bytes, for an element type known only at run time.
    ///
    /// # Errors
    ///
    /// As [`from_slice`](Self::from_slice), and `InvalidArgument` when `bytes` ends within an element.
    pub fn from_bytes(dims: &[usize], dtype: DType, bytes: &[u8]) -> Result<Self> {
        let dims = shape::check(dims, dtype, shape::elements_in(bytes.len(), dtype)?)?;
        Ok(Self::send(&dims, dtype, bytes))
    }

    fn send(dims: &[u32], dtype: DType, bytes: &[u8]) -> Self {
        Self(HostTensor::new(dims, dtype.to_wit(), bytes))
    }

    pub(crate) const fn from_host(tensor: HostTensor) -> Self {
        Self(tensor)
    }

    pub(crate) fn into_host(self) -> HostTensor {
        self.0
    }

    /// The dimensions, outermost first.
    pub fn dims(&self) -> Vec<usize> {
        self.0.dimensions().into_iter().map(|dim| dim as usize).collect()
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        DType::from_wit(self.0.ty())
    }

    /// The data as a typed slice, fetched from the host by this call.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` when the elements are of another type than `T`.
    pub fn view<T: Element>(&self) -> Result<View<T>> {
        let dtype = self.dtype();
        // A wrong type should not cost a transfer.
        let bytes = if dtype == T::DTYPE { self.0.data() } else { Vec::new() };
        View::new(dtype, bytes)
    }

    /// The data as a vector, fetched from the host by this call.
    ///
    /// [`view`](Self::view) saves a copy where a slice is enough.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` when the elements are of another type than `T`.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        Ok(self.view()?.into_vec())
    }

    /// The data as little-endian bytes, fetched from the host by this call.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.data()
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tensor").field(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    // Only what fails before the host is called can run here.
    #[test]
    fn what_does_not_fit_never_reaches_the_host() {
        let error = Tensor::from_slice(&[1, 1, 8, 8], &[0.0_f32; 63]).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().contains("holds 64 elements, not the 63 given"), "{error}");

        let error = Tensor::from_bytes(&[2], DType::F32, &[0; 7]).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
    }
}
