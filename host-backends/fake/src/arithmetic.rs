use godwit_backend::{DType, Error, Memory, Result, Shape, Tensor};

use crate::element;

/// How a device computes, faults included.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Arithmetic {
    /// What partial sums are rounded to; in `f64` and not at all unless set.
    pub(crate) accumulate: Option<DType>,
    /// Which weight is wrong, and by how much.
    pub(crate) wrong_weight: Option<(usize, f64)>,
}

impl Arithmetic {
    pub(crate) fn sum(&self, terms: impl Iterator<Item = f64>) -> f64 {
        let Some(dtype) = self.accumulate else { return terms.sum() };
        let mut place = [0; 8];
        let bytes = place.get_mut(..dtype.size()).unwrap_or_default();
        terms.fold(0.0, |sum, term| {
            element::write(dtype, bytes, sum + term);
            element::read(dtype, bytes)
        })
    }

    /// The rows of `input` times a matrix of `columns` columns, given row by row.
    pub(crate) fn linear(
        &self,
        input: &Tensor,
        weights: &[f64],
        columns: usize,
        memory: &Memory,
    ) -> Result<Tensor> {
        let misfit = || Error::failed("the weights do not fit the input");
        let mut weights = weights.to_vec();
        if let Some((index, by)) = self.wrong_weight {
            *weights.get_mut(index).ok_or_else(misfit)? += by;
        }
        let (&width, rows) = input.shape().split_last().ok_or_else(misfit)?;
        if columns == 0 || width.checked_mul(columns) != Some(weights.len()) {
            return Err(misfit());
        }
        let dtype = input.dtype();
        let source = input.host().ok_or_else(misfit)?;
        let values: Vec<f64> =
            source.chunks_exact(dtype.size()).map(|value| element::read(dtype, value)).collect();
        let shape = Shape::new(rows.iter().copied().chain([columns]));
        let mut product = memory.writable(shape.byte_len(dtype)?)?;
        for (place, to) in product.chunks_exact_mut(dtype.size()).enumerate() {
            let (row, column) = (place / columns, place % columns);
            let row = values.iter().skip(row * width).take(width);
            let column = weights.iter().skip(column).step_by(columns);
            element::write(dtype, to, self.sum(row.zip(column).map(|(x, w)| x * w)));
        }
        Tensor::new(dtype, shape, product.freeze())
    }
}
