//! Positions in a tensor that a caller chooses: what an index may be is known before a run.

use godwit_backend::{DType, Error, Result, Signature, Tensor};

use crate::operators;
use crate::trace::Site;

/// An input whose numbers are positions along an axis of a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positions {
    /// The model's input.
    pub input: usize,
    /// How many positions there are.
    pub rows: Rows,
    /// Whether negative ones count from the end.
    pub from_end: bool,
}

/// How many positions there are to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    /// As many in every run.
    Known(usize),
    /// As many as the size of an axis of an input.
    Of {
        /// The model's input.
        input: usize,
        /// Its axis.
        axis: usize,
    },
}

impl Positions {
    /// The positions that a node takes from an input, if it takes them along an axis of a constant or of
    /// another input.
    pub fn of(site: Site<'_, '_>) -> Option<Self> {
        let operator = operators::of(site.node.op_type());
        let (data, input) = (site.input(0), site.input(1).numbers.filter(|_| operator.along_axis)?);
        let axis = site.node.attribute("axis").map_or(0, |it| it.i());
        let axis_of = |rank: usize| {
            let rank_of = i64::try_from(rank).ok()?;
            let axis = if axis < 0 { axis.checked_add(rank_of)? } else { axis };
            usize::try_from(axis).ok().filter(|axis| *axis < rank)
        };
        let rows = if let Some(crate::Constant::Tensor(table)) = data.constant {
            let rows = table.dims.get(axis_of(table.dims.len())?)?;
            Rows::Known(usize::try_from(*rows).ok()?)
        } else {
            let input = data.input?;
            let shape = site.values.inputs().get(input)?.tensor_type()?.shape.as_ref()?;
            Rows::Of { input, axis: axis_of(shape.dim.len())? }
        };
        Some(Self { input, rows, from_end: true })
    }

    /// Checks the inputs of a run.
    ///
    /// # Errors
    ///
    /// `Failed`, naming the input and the value, for a position that does not exist.
    pub fn check(&self, signature: &Signature, inputs: &[Tensor]) -> Result<()> {
        let rows = match self.rows {
            Rows::Known(rows) => Some(rows),
            Rows::Of { input, axis } => {
                inputs.get(input).and_then(|it| it.shape().get(axis)).copied()
            }
        };
        let rows = rows.and_then(|rows| i64::try_from(rows).ok()).unwrap_or(0);
        let least = if self.from_end { rows.saturating_neg() } else { 0 };
        within(signature, inputs, self.input, least, rows - 1)
    }
}

/// Checks that the integers of an input are from `least` to `most`.
///
/// # Errors
///
/// `Failed`, naming the input and the value.
pub fn within(
    signature: &Signature,
    inputs: &[Tensor],
    input: usize,
    least: i64,
    most: i64,
) -> Result<()> {
    let outside = |value: &i64| !(least..=most).contains(value);
    let Some(found) = inputs.get(input).and_then(|it| find(it, outside)) else { return Ok(()) };
    let name = signature.inputs.get(input).map_or("", |info| &info.name);
    Err(Error::failed(format!(
        "the model failed with these inputs: '{name}' holds {found}, and can be from {least} to {most} on \
         this device"
    )))
}

/// The first number of an integer tensor on the host that `is` holds of.
fn find(tensor: &Tensor, is: impl Fn(&i64) -> bool) -> Option<i64> {
    let bytes = tensor.host()?;
    match tensor.dtype() {
        DType::I64 => bytes.as_chunks().0.iter().map(|it| i64::from_le_bytes(*it)).find(is),
        DType::I32 => bytes.as_chunks().0.iter().map(|it| i32::from_le_bytes(*it).into()).find(is),
        _ => None,
    }
}
