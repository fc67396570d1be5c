//! Batches of any size on programs for a few: rows are added, and cut off again.
//!
//! That is right only where no row looks at another. So it happens only when asked for, and a model is
//! shown to keep to it before it is used.

use std::ops::Range;
use std::sync::Arc;

use godwit_backend::{
    BufferMut, DType, Dim, Error, Memory, Result, Shape, Signature, Tensor, TensorInfo, Tensors,
};

/// The sizes that a graph is compiled for.
#[derive(Debug, Clone)]
pub(crate) struct Batches {
    symbol: Arc<str>,
    /// Ascending.
    sizes: Vec<usize>,
    /// The inputs that have rows.
    of_rows: Vec<bool>,
}

impl Batches {
    /// # Errors
    ///
    /// `InvalidArgument` unless the batch is the first dimension wherever it is one, and of every output.
    pub(crate) fn new(signature: &Signature, sizes: &[usize]) -> Result<Option<Self>> {
        if sizes.is_empty() {
            return Ok(None);
        }
        let refused = || {
            Error::invalid_argument(
                "the option batches is for models whose inputs and outputs have the batch as a free \
                 first dimension, by the same name, and nowhere else",
            )
        };
        let first = signature.inputs.iter().find_map(first_symbol).ok_or_else(refused)?.clone();
        let is_batch = |dim: &Dim| matches!(dim, Dim::Symbol(symbol) if *symbol == first);
        let sound = |info: &TensorInfo| {
            let dims = info.dims.as_deref().unwrap_or_default();
            !dims.iter().skip(1).any(is_batch)
        };
        let of_rows = |info: &TensorInfo| first_symbol(info) == Some(&first);
        let all = signature.inputs.iter().chain(&signature.outputs);
        if !all.into_iter().all(sound) || !signature.outputs.iter().all(of_rows) {
            return Err(refused());
        }
        let of_rows = signature.inputs.iter().map(of_rows).collect();
        Ok(Some(Self { symbol: first, sizes: sizes.to_vec(), of_rows }))
    }

    pub(crate) fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    pub(crate) fn symbol(&self) -> &Arc<str> {
        &self.symbol
    }

    /// The inputs with rows of zeros up to the next size, and how many rows there were if any were added.
    /// Beyond the largest size, inputs stay as they are.
    pub(crate) fn pad(&self, inputs: Tensors, memory: &Memory) -> Result<(Tensors, Option<usize>)> {
        let of_rows = |(input, is): (_, &bool)| is.then_some(input);
        let rows = inputs.iter().zip(&self.of_rows).find_map(of_rows);
        let rows = rows.and_then(|input: &Tensor| input.shape().first().copied()).unwrap_or(0);
        let Some(&size) = self.sizes.iter().find(|size| **size >= rows) else {
            return Ok((inputs, None));
        };
        if size == rows {
            return Ok((inputs, None));
        }
        let padded = inputs.into_iter().zip(&self.of_rows).map(|(input, of_rows)| {
            if !of_rows {
                return Ok(input);
            }
            let shape = self.shape(input.shape(), size);
            let mut bytes = memory.writable(shape.byte_len(input.dtype())?)?;
            let own = input.host().ok_or_else(|| Error::internal("an input is not on the host"))?;
            let (rows, added) = bytes
                .split_at_mut_checked(own.len())
                .ok_or_else(|| Error::internal("fewer rows after some were added"))?;
            rows.copy_from_slice(own);
            added.fill(0);
            Tensor::new(input.dtype(), shape, bytes.freeze())
        });
        Ok((padded.collect::<Result<_>>()?, Some(rows)))
    }

    /// The first `rows` rows of the outputs.
    pub(crate) fn cut(&self, outputs: Tensors, rows: usize, memory: &Memory) -> Result<Tensors> {
        let cut = outputs.into_iter().map(|output| {
            let shape = self.shape(output.shape(), rows);
            let len = shape.byte_len(output.dtype())?;
            let kept = output.host().and_then(|bytes| bytes.get(..len));
            let kept = kept.ok_or_else(|| Error::internal("fewer rows than there were"))?;
            Tensor::new(output.dtype(), shape, memory.copy_from(kept)?)
        });
        cut.collect()
    }

    /// The same dimensions with another number of rows.
    pub(crate) fn shape(&self, shape: &Shape, rows: usize) -> Shape {
        Shape::new(std::iter::once(rows).chain(shape.iter().skip(1).copied()))
    }

    /// Two questions for one size with the same first row, and others in the rest.
    pub(crate) fn questions(
        &self,
        signature: &Signature,
        shapes: &[Shape],
        memory: &Memory,
    ) -> Result<[Tensors; 2]> {
        let question = |other: bool| -> Result<Tensors> {
            let inputs = signature.inputs.iter().zip(shapes).zip(&self.of_rows);
            let inputs = inputs.map(|((info, shape), of_rows)| {
                let len = shape.byte_len(info.dtype)?;
                let rows = shape.first().copied().unwrap_or(1).max(1);
                let mut bytes = memory.writable(len)?;
                let changed = if *of_rows { len / rows..len } else { len..len };
                fill(&mut bytes, info.dtype, changed, other);
                Tensor::new(info.dtype, shape.clone(), bytes.freeze())
            });
            inputs.collect()
        };
        Ok([question(false)?, question(true)?])
    }

    /// Whether two answers have the same first row.
    pub(crate) fn agree(&self, [one, other]: [&Tensors; 2]) -> bool {
        let row = |tensor: &Tensor| {
            let rows = tensor.shape().first().copied().unwrap_or(1).max(1);
            let bytes = tensor.host()?;
            bytes.get(..bytes.len() / rows).map(<[u8]>::to_vec)
        };
        one.len() == other.len()
            && one
                .iter()
                .zip(other)
                .all(|(one, other)| row(one).is_some() && row(one) == row(other))
    }
}

/// Halves and ones, where `changed` others.
fn fill(bytes: &mut BufferMut, dtype: DType, changed: Range<usize>, other: bool) {
    let size = dtype.size();
    let value = |is_changed: bool, at: usize| -> Vec<u8> {
        let large = at.is_multiple_of(2) != (is_changed && other);
        match dtype {
            DType::F32 => if large { 1.0f32 } else { 0.5 }.to_le_bytes().into(),
            DType::F64 => if large { 1.0f64 } else { 0.5 }.to_le_bytes().into(),
            DType::F16 => if large { 0x3c00u16 } else { 0x3800 }.to_le_bytes().into(),
            DType::Bf16 => if large { 0x3f80u16 } else { 0x3f00 }.to_le_bytes().into(),
            _ => std::iter::once(u8::from(large)).chain(std::iter::repeat_n(0, size - 1)).collect(),
        }
    };
    for (at, element) in bytes.chunks_exact_mut(size).enumerate() {
        element.copy_from_slice(&value(changed.contains(&(at * size)), at));
    }
}

fn first_symbol(info: &TensorInfo) -> Option<&Arc<str>> {
    match info.dims.as_ref()?.first()? {
        Dim::Symbol(symbol) => Some(symbol),
        _ => None,
    }
}
