//! What an answer has to be, known before it comes.

use std::collections::BTreeMap;
use std::sync::Arc;

use godwit_backend::{DType, Dim, Result, Shape, Signature, Tensor, Tensors};

use crate::failure::Failure;
use crate::status::UNFIT;

/// The outputs of a run as they come in, held against the signature.
#[derive(Debug)]
pub(crate) struct Expected<'a> {
    signature: &'a Signature,
    /// The size of each symbol, from the inputs and the outputs that have come.
    symbols: BTreeMap<Arc<str>, usize>,
    outputs: Vec<Option<Tensor>>,
}

impl<'a> Expected<'a> {
    pub(crate) fn new(signature: &'a Signature, shapes: &[Shape]) -> Self {
        let mut symbols = BTreeMap::new();
        for (info, shape) in signature.inputs.iter().zip(shapes) {
            for (dim, &size) in info.dims.iter().flatten().zip(shape.iter()) {
                if let Dim::Symbol(symbol) = dim {
                    symbols.insert(symbol.clone(), size);
                }
            }
        }
        Self { signature, symbols, outputs: vec![None; signature.outputs.len()] }
    }

    /// The place of the output `name`, if it may have this dtype and shape and did not come before; and
    /// the bytes it takes.
    pub(crate) fn place(
        &mut self,
        name: &str,
        dtype: DType,
        shape: &Shape,
    ) -> Result<(usize, usize), Failure> {
        let found = self.signature.outputs.iter().enumerate().find(|(_, info)| *info.name == *name);
        let Some((index, info)) = found else {
            return Err(Failure::lie(UNFIT, format!("an output '{name}' was not asked for")));
        };
        if self.outputs.get(index).is_none_or(Option::is_some) {
            return Err(Failure::lie(UNFIT, format!("output '{name}' came twice")));
        }
        let fits = info.dtype == dtype
            && info.dims.as_ref().is_none_or(|dims| {
                dims.len() == shape.len()
                    && dims.iter().zip(shape.iter()).all(|(dim, &size)| match dim {
                        Dim::Known(known) => *known == size,
                        Dim::Unknown => true,
                        Dim::Symbol(symbol) => {
                            *self.symbols.entry(symbol.clone()).or_insert(size) == size
                        }
                    })
            });
        if !fits {
            return Err(Failure::lie(UNFIT, format!("{info} came as {dtype}{shape}")));
        }
        Ok((index, shape.byte_len(dtype)?))
    }

    pub(crate) fn put(&mut self, index: usize, tensor: Tensor) {
        if let Some(slot) = self.outputs.get_mut(index) {
            *slot = Some(tensor);
        }
    }

    /// The outputs in order, once all have come.
    pub(crate) fn finish(self) -> Result<Tensors, Failure> {
        let mut tensors = Tensors::new();
        for (output, info) in self.outputs.into_iter().zip(&self.signature.outputs) {
            let missing = || Failure::lie(UNFIT, format!("output '{}' did not come", info.name));
            tensors.push(output.ok_or_else(missing)?);
        }
        Ok(tensors)
    }
}
