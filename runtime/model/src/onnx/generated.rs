//! Tensors that nodes make out of constants: large ones cost the file next to nothing.

use super::constants::{Constant, Scopes};

/// What of a node bears on the size of its output.
#[derive(Debug, Default)]
pub(super) struct Node<'a> {
    pub(super) domain: &'a str,
    pub(super) op: &'a str,
    /// The first few.
    pub(super) inputs: Vec<&'a str>,
    pub(super) output: &'a str,
    /// `Constant`'s value and `ConstantOfShape`'s element, whichever of their attributes held it.
    pub(super) value: Option<Constant>,
    /// The attribute `shape` of `RandomNormal` and `RandomUniform`.
    pub(super) shape: Option<Vec<f64>>,
}

impl Node<'_> {
    /// Inputs after these do not matter here.
    pub(super) const INPUTS: usize = 4;

    /// What the output is when the inputs that size it are constants; `true` if the node makes it
    /// larger than what the file holds.
    pub(super) fn output(&self, scopes: &Scopes<'_>) -> Option<(Constant, bool)> {
        if !self.domain.is_empty() {
            return None;
        }
        let input = |index: usize| scopes.get(self.inputs.get(index)?);
        let numbers = |index| input(index).and_then(|constant| constant.numbers.as_deref());
        let sized = |elements, size| Some((Constant { elements, size, numbers: None }, true));
        match self.op {
            "Constant" => Some((self.value.clone()?, false)),
            "Identity" | "Cast" | "Reshape" | "Squeeze" | "Unsqueeze" | "Flatten" => {
                Some((input(0)?.clone(), false))
            }
            "ConstantOfShape" => {
                let size = self.value.as_ref().map_or(4.0, |value| value.size);
                sized(product(numbers(0)?), size)
            }
            "RandomNormal" | "RandomUniform" => sized(product(self.shape.as_deref()?), 4.0),
            // Of an unknown operand the least is taken: one element of one byte.
            "Expand" => {
                let (elements, size) = input(0).map_or((1.0, 1.0), |x| (x.elements, x.size));
                sized(product(numbers(1)?).max(elements), size)
            }
            "Tile" => {
                let (elements, size) = input(0).map_or((1.0, 1.0), |x| (x.elements, x.size));
                sized(product(numbers(1)?) * elements, size)
            }
            "Range" => {
                let scalar = |index| numbers(index)?.first().copied();
                let (start, limit, step) = (scalar(0)?, scalar(1)?, scalar(2)?);
                sized(((limit - start) / step).ceil().max(0.0), input(0)?.size)
            }
            "OneHot" => {
                let depth = numbers(1)?.first()?.max(0.0);
                let values = input(2).map_or(1.0, |values| values.size);
                sized(depth * input(0).map_or(1.0, |x| x.elements), values)
            }
            _ => None,
        }
    }
}

fn product(dims: &[f64]) -> f64 {
    // A zero does not hide the rest: libraries multiply in any order.
    dims.iter().filter(|dim| **dim != 0.0).fold(1.0, |product, dim| product * dim.max(1.0))
}
