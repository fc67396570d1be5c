//! Outputs are checked against the signature before memory is allocated for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use godwit_backend::{DType, Dim, Shape, Signature, Tensor, Tensors};

use crate::call_error::{CallError, CallResult};

/// The outputs of a run as they arrive, checked against the signature.
#[derive(Debug)]
pub(crate) struct Expected<'a> {
    signature: &'a Signature,
    /// The size of each symbol, from the inputs and the outputs received so far.
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

    /// The index of the output `name` and its length in bytes, if the signature allows this dtype and shape
    /// and the output is not there yet.
    pub(crate) fn place(
        &mut self,
        name: &str,
        dtype: DType,
        shape: &Shape,
    ) -> CallResult<(usize, usize)> {
        let found = self.signature.outputs.iter().enumerate().find(|(_, info)| *info.name == *name);
        let Some((index, info)) = found else {
            return Err(CallError::mismatch(format!("it has an unknown output '{name}'")));
        };
        if self.outputs.get(index).is_none_or(Option::is_some) {
            return Err(CallError::mismatch(format!("it has output '{name}' twice")));
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
            return Err(CallError::mismatch(format!("{info} is {dtype}{shape} in it")));
        }
        Ok((index, shape.byte_len(dtype)?))
    }

    pub(crate) fn put(&mut self, index: usize, tensor: Tensor) {
        if let Some(slot) = self.outputs.get_mut(index) {
            *slot = Some(tensor);
        }
    }

    /// The outputs in order, if all are there.
    pub(crate) fn finish(self) -> CallResult<Tensors> {
        let mut tensors = Tensors::new();
        for (output, info) in self.outputs.into_iter().zip(&self.signature.outputs) {
            let missing = || CallError::mismatch(format!("it lacks output '{}'", info.name));
            tensors.push(output.ok_or_else(missing)?);
        }
        Ok(tensors)
    }
}
