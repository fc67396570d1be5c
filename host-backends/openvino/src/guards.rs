//! What the library does not refuse itself: it computes with 64-bit numbers in 32 bits, keeps those that are
//! too large for them at the largest, and looks up zeros where a table has no row. All would be wrong
//! answers, so inputs that lead there are refused, and outputs that came from there are too.

use godwit_backend::{DType, Error, Result, Signature, Tensor};

use crate::onnx::Outline;

/// The range that the values of each guarded input have to keep.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Guards {
    ranges: Vec<Guard>,
    /// Inputs of f64 that something computes with.
    wide: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Guard {
    input: usize,
    least: i64,
    most: i64,
}

impl Guards {
    pub(crate) fn new(signature: &Signature, outline: &Outline) -> Self {
        let mut guards = Vec::new();
        let mut doubles = Vec::new();
        for (input, info) in signature.inputs.iter().enumerate() {
            if info.dtype == DType::F64 && outline.used.get(input) != Some(&false) {
                doubles.push(input);
            }
            let (mut least, mut most) = (i64::from(i32::MIN), i64::from(i32::MAX));
            let rows = outline.lookups.iter().filter(|lookup| lookup.input == input);
            let rows = rows.map(|lookup| lookup.rows).min();
            if let Some(rows) = rows {
                (least, most) = (least.max(rows.saturating_neg()), most.min(rows - 1));
            }
            let wide = info.dtype == DType::I64 && outline.used.get(input) != Some(&false);
            if wide || (rows.is_some() && info.dtype == DType::I32) {
                guards.push(Guard { input, least, most });
            }
        }
        Self { ranges: guards, wide: doubles }
    }

    /// Checks inputs on the host.
    ///
    /// # Errors
    ///
    /// `Failed`, naming the input and the value.
    pub(crate) fn check(&self, signature: &Signature, inputs: &[Tensor]) -> Result<()> {
        for Guard { input, least, most } in &self.ranges {
            let tensor = inputs.get(*input);
            let bytes = tensor.and_then(Tensor::host).map_or(&[][..], |bytes| bytes);
            let outside = |value: &i64| !(*least..=*most).contains(value);
            let found = match tensor.map(Tensor::dtype) {
                Some(DType::I64) => {
                    let (values, _) = bytes.as_chunks();
                    values.iter().map(|it| i64::from_le_bytes(*it)).find(outside)
                }
                _ => {
                    let (values, _) = bytes.as_chunks();
                    values.iter().map(|it| i32::from_le_bytes(*it).into()).find(outside)
                }
            };
            if let Some(value) = found {
                let name = signature.inputs.get(*input).map_or("", |info| &info.name);
                return Err(Error::failed(format!(
                    "the model failed with these inputs: '{name}' holds {value}, and can be from \
                     {least} to {most} on this device"
                )));
            }
        }
        for &input in &self.wide {
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
    use crate::onnx::Lookup;

    fn signature(dtype: DType) -> Signature {
        Signature { inputs: vec![TensorInfo::new("ids", dtype, [])], outputs: vec![] }
    }

    fn allowed(guards: &Guards, value: i64) -> bool {
        let tensor = Tensor::from_values([1], &[value]).unwrap();
        guards.check(&signature(DType::I64), &[tensor]).is_ok()
    }

    #[test]
    fn a_table_is_looked_up_within_its_rows() {
        let lookups = vec![Lookup { input: 0, rows: 16 }];
        let outline = Outline { lookups, used: vec![true], ..Outline::default() };
        let guards = Guards::new(&signature(DType::I64), &outline);
        assert!([-16, -1, 0, 15].iter().all(|id| allowed(&guards, *id)));
        assert!(![-17, 16, 1 << 40, i64::MIN].iter().any(|id| allowed(&guards, *id)));
    }

    #[test]
    fn wide_integers_are_taken_where_nothing_computes_with_them() {
        let computed = Outline { used: vec![true], ..Outline::default() };
        let guards = Guards::new(&signature(DType::I64), &computed);
        assert!(allowed(&guards, i32::MAX.into()) && !allowed(&guards, 1 << 31));
        let handed_on = Outline { used: vec![false], ..Outline::default() };
        let guards = Guards::new(&signature(DType::I64), &handed_on);
        assert!(allowed(&guards, i64::MAX));
    }
}
