use godwit_backend::{BufferMut, DType, Error, Memory, Result, Tensor, Tensors};

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
    /// Stores the matrices of an output, its last two dimensions, column by column.
    Transpose {
        /// Position of the output.
        output: usize,
    },
    /// Multiplies every element of an output and adds to it; integers round and saturate.
    Affine {
        /// Position of the output.
        output: usize,
        /// What every element is multiplied by.
        factor: f64,
        /// What is added then.
        by: f64,
    },
    /// Rounds every element of an output to a narrower type.
    Round {
        /// Position of the output.
        output: usize,
        /// The narrower type.
        to: DType,
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
            Self::Transpose { output } => {
                let shape = outputs.get(output).ok_or_else(misfit)?.shape().clone();
                rewrite(outputs, output, memory, |bytes, size| transpose(bytes, size, &shape))
            }
            Self::Affine { output, factor, by } => {
                each(outputs, output, memory, |_, value| value * factor + by)
            }
            Self::Round { output, to } => each(outputs, output, memory, |bytes, value| {
                let bytes = bytes.get_mut(..to.size()).unwrap_or_default();
                element::write(to, bytes, value);
                element::read(to, bytes)
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

/// Replaces every element of one output by `f` of it, with room for one element of any dtype.
fn each(
    outputs: &mut Tensors,
    output: usize,
    memory: &Memory,
    f: impl Fn(&mut [u8; 8], f64) -> f64,
) -> Result<()> {
    let dtype = outputs.get(output).ok_or_else(misfit)?.dtype();
    rewrite(outputs, output, memory, |bytes, size| {
        for element in bytes.chunks_exact_mut(size) {
            element::write(dtype, element, f(&mut [0; 8], element::read(dtype, element)));
        }
        Some(())
    })
}

/// Changes the order in which each matrix is stored, and not what its shape is said to be.
fn transpose(bytes: &mut [u8], size: usize, shape: &[usize]) -> Option<()> {
    let [.., rows, columns] = *shape else { return None };
    if rows == 0 || columns == 0 {
        return Some(());
    }
    for matrix in bytes.chunks_exact_mut(rows * columns * size) {
        let right = matrix.to_vec();
        for (place, to) in matrix.chunks_exact_mut(size).enumerate() {
            let (column, row) = (place / rows, place % rows);
            to.copy_from_slice(right.chunks_exact(size).nth(row * columns + column)?);
        }
    }
    Some(())
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
