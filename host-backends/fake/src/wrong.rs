use godwit_backend::{BufferMut, Error, Memory, Result, Tensor, Tensors};

use crate::element;

/// A way in which an answer is wrong, for whoever must find it out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WrongAnswer {
    /// Adds `by` to one element; integers saturate.
    Perturb {
        /// Position of the output.
        output: usize,
        /// Position of the element.
        index: usize,
        /// What is added.
        by: f64,
    },
    /// Puts a NaN, or 0 where the dtype has none, in place of one element.
    Nan {
        /// Position of the output.
        output: usize,
        /// Position of the element.
        index: usize,
    },
    /// Swaps two outputs, names and all.
    Swap {
        /// Position of one.
        first: usize,
        /// Position of the other.
        second: usize,
    },
    /// Moves every element of an output one place on, the last to the front.
    OffByOne {
        /// Position of the output.
        output: usize,
    },
}

impl WrongAnswer {
    /// Spoils `outputs`. An order that does not fit them is an error: a fault that is not there would
    /// make a blind verifier look sharp.
    pub(crate) fn apply(self, outputs: &mut Tensors, memory: &Memory) -> Result<()> {
        match self {
            Self::Swap { first, second } => {
                if first.max(second) >= outputs.len() {
                    return Err(misfit());
                }
                outputs.swap(first, second);
                Ok(())
            }
            Self::OffByOne { output } => rewrite(outputs, output, memory, |bytes, size| {
                let size = size.min(bytes.len());
                bytes.rotate_right(size);
                Some(())
            }),
            Self::Perturb { output, index, by } => {
                let dtype = outputs.get(output).ok_or_else(misfit)?.dtype();
                rewrite(outputs, output, memory, |bytes, size| {
                    let element = bytes.chunks_exact_mut(size).nth(index)?;
                    element::write(dtype, element, element::read(dtype, element) + by);
                    Some(())
                })
            }
            Self::Nan { output, index } => {
                let dtype = outputs.get(output).ok_or_else(misfit)?.dtype();
                rewrite(outputs, output, memory, |bytes, size| {
                    element::write(dtype, bytes.chunks_exact_mut(size).nth(index)?, f64::NAN);
                    Some(())
                })
            }
        }
    }
}

/// Replaces one output by a copy that `change` has been at; `change` gets the size of an element too.
fn rewrite(
    outputs: &mut Tensors,
    output: usize,
    memory: &Memory,
    change: impl FnOnce(&mut BufferMut, usize) -> Option<()>,
) -> Result<()> {
    let tensor = outputs.get_mut(output).ok_or_else(misfit)?;
    let right = tensor.host().ok_or_else(|| Error::internal("an output that is not at hand"))?;
    let mut wrong = memory.writable(right.len())?;
    wrong.copy_from_slice(right);
    change(&mut wrong, tensor.dtype().size()).ok_or_else(misfit)?;
    *tensor = Tensor::new(tensor.dtype(), tensor.shape().clone(), wrong.freeze())?;
    Ok(())
}

fn misfit() -> Error {
    Error::internal("the wrong answer that was planned does not fit the outputs")
}
