//! Measures the differences of two tensors.

mod comparison;
mod ranking;
mod ulps;

#[cfg(test)]
mod tests;

pub use comparison::{Comparison, ElementLocation, compare};
pub use ranking::Agreement;
pub use ulps::UlpHistogram;

use godwit_backend::{Error, Result, Tensor};

/// A tensor's bytes, which the comparison needs on the host.
pub(crate) fn host(tensor: &Tensor) -> Result<&[u8]> {
    let bytes = tensor
        .host()
        .ok_or_else(|| Error::invalid_argument("a tensor to compare is in device memory"))?;
    Ok(bytes)
}
