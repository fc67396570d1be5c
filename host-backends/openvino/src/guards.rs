//! What the library does not refuse itself: it computes with 64-bit numbers in 32 bits, keeps those that are
//! too large for them at the largest, and looks up zeros where a table has no row. All would be wrong
//! answers, so inputs that lead there are refused, and outputs that came from there are too.

use godwit_backend::{DType, Error, Result, Signature, Tensor};
use godwit_onnx::{Outline, Positions, Rows, within};

/// What the values of inputs have to keep to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Guards {
    positions: Vec<Positions>,
    /// Inputs of i64 that something computes with.
    integers: Vec<usize>,
    /// Inputs of f64 that something computes with.
    floats: Vec<usize>,
    /// Inputs that something is looked up in, one a bit.
    filled: u64,
}

impl Guards {
    pub(crate) fn new(signature: &Signature, outline: &Outline, filled: u64) -> Self {
        let is = |input: usize, dtype| {
            signature.inputs.get(input).is_some_and(|info| info.dtype == dtype)
        };
        let whole = |it: &&Positions| is(it.input, DType::I64) || is(it.input, DType::I32);
        let positions: Vec<Positions> = outline.positions.iter().filter(whole).cloned().collect();
        // Of rows that are counted in 32 bits, no further check is needed.
        let is_bounded = |input: usize| {
            positions.iter().any(|it| {
                it.input == input
                    && matches!(it.rows, Rows::Known(rows) if i32::try_from(rows).is_ok())
            })
        };
        let computed = |dtype| {
            let inputs = 0..signature.inputs.len();
            let used = |input: &usize| outline.used.get(*input) != Some(&false);
            inputs.filter(move |input| is(*input, dtype)).filter(used)
        };
        Self {
            integers: computed(DType::I64).filter(|input| !is_bounded(*input)).collect(),
            floats: computed(DType::F64).collect(),
            positions,
            filled,
        }
    }

    /// Checks inputs on the host.
    ///
    /// # Errors
    ///
    /// `Failed`, naming the input and the value.
    pub(crate) fn check(&self, signature: &Signature, inputs: &[Tensor]) -> Result<()> {
        for (at, input) in inputs.iter().enumerate().take(64) {
            if self.filled >> at & 1 == 1 && input.shape().contains(&0) {
                let name = signature.inputs.get(at).map_or("", |info| &info.name);
                return Err(Error::failed(format!(
                    "the model failed with these inputs: '{name}' has no elements, and things are looked up in it"
                )));
            }
        }
        self.positions.iter().try_for_each(|it| it.check(signature, inputs))?;
        for &input in &self.integers {
            within(signature, inputs, input, i32::MIN.into(), i32::MAX.into())?;
        }
        for &input in &self.floats {
            let outside = |value: f64| value.abs() > f64::from(f32::MAX);
            if let Some(value) = inputs.get(input).and_then(|tensor| find(tensor, outside)) {
                let name = signature.inputs.get(input).map_or("", |info| &info.name);
                return Err(Error::failed(format!(
                    "the model failed with these inputs: '{name}' holds {value:e}, and this device \
                     computes with f64 in 32 bits"
                )));
            }
        }
        Ok(())
    }

    /// Checks an output that a run has computed.
    ///
    /// # Errors
    ///
    /// `Failed`, when it is of f64 and may have been larger than the library can tell.
    pub(crate) fn check_output(name: &str, output: &Tensor) -> Result<()> {
        let greatest = |value: f64| value.abs() >= f64::from(f32::MAX);
        if output.dtype() != DType::F64 || find(output, greatest).is_none() {
            return Ok(());
        }
        Err(Error::failed(format!(
            "the model failed with these inputs: '{name}' exceeds what this device can compute, which is \
             f64 in 32 bits"
        )))
    }
}

/// The first number of an f64 tensor that `is` holds of.
fn find(tensor: &Tensor, is: impl Fn(f64) -> bool) -> Option<f64> {
    let (values, _) = tensor.host()?.as_chunks();
    values.iter().map(|it| f64::from_le_bytes(*it)).find(|it| is(*it))
}

#[cfg(test)]
mod tests {
    use godwit_backend::TensorInfo;

    use super::*;

    fn signature(dtype: DType) -> Signature {
        Signature { inputs: vec![TensorInfo::new("ids", dtype, [])], outputs: vec![] }
    }

    fn allowed(guards: &Guards, value: i64) -> bool {
        let tensor = Tensor::from_values([1], &[value]).unwrap();
        guards.check(&signature(DType::I64), &[tensor]).is_ok()
    }

    #[test]
    fn a_table_is_looked_up_within_its_rows() {
        let positions = vec![Positions { input: 0, rows: Rows::Known(16), from_end: true }];
        let outline = Outline { positions, used: vec![true], ..Outline::default() };
        let guards = Guards::new(&signature(DType::I64), &outline, 0);
        assert!([-16, -1, 0, 15].iter().all(|id| allowed(&guards, *id)));
        assert!(![-17, 16, 1 << 40, i64::MIN].iter().any(|id| allowed(&guards, *id)));
    }

    #[test]
    fn wide_integers_are_taken_where_nothing_computes_with_them() {
        let computed = Outline { used: vec![true], ..Outline::default() };
        let guards = Guards::new(&signature(DType::I64), &computed, 0);
        assert!(allowed(&guards, i32::MAX.into()) && !allowed(&guards, 1 << 31));
        let handed_on = Outline { used: vec![false], ..Outline::default() };
        let guards = Guards::new(&signature(DType::I64), &handed_on, 0);
        assert!(allowed(&guards, i64::MAX));
    }

    #[test]
    fn what_things_are_looked_up_in_has_elements() {
        let guards = Guards { filled: 1, ..Guards::default() };
        let check = |rows: usize| {
            let tensor = Tensor::from_values([rows], &vec![1i64; rows]).unwrap();
            guards.check(&signature(DType::I64), &[tensor])
        };
        assert!(check(0).is_err());
        check(1).unwrap();
    }
}
