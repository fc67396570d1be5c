//! Compares a tensor with a reference, within a tolerance.

use godwit_backend::{DType, Result, Tensor};
use serde::Serialize;

use crate::compare::{Comparison, compare, host};
use crate::number::{count, is_float, values};
use crate::profile::{ProfileName, Tolerance};

/// One element that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The index along each dimension, outermost first.
    pub index: Vec<usize>,
    /// The reference's value; `null` in JSON if it is not finite.
    pub reference: f64,
    /// The other value.
    pub value: f64,
}

/// Why a tensor is outside of its tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Another dtype.
    Dtype,
    /// Another shape.
    Shape,
    /// An output is missing or unexpected.
    Names,
    /// A NaN or an infinity on one side only.
    NonFinite,
    /// The error of one element.
    Element,
    /// The root mean square of all errors.
    Rms,
    /// Integers or booleans that are not equal.
    Integer,
    /// The run failed on one device only.
    Outcome,
}

/// The verdict on one tensor.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Judgement {
    pub(crate) comparison: Comparison,
    /// The largest error relative to its tolerance: above 1 is outside.
    pub(crate) used: f64,
    pub(crate) metric: Option<Metric>,
    /// The number of elements outside.
    pub(crate) violations: u64,
    pub(crate) first: Vec<Difference>,
}

impl Judgement {
    pub(crate) fn is_within(&self) -> bool {
        self.metric.is_none()
    }
}

/// The most elements that are listed.
const NAMED: usize = 5;

/// Judges `other`, of the reference's dtype and shape.
///
/// # Errors
///
/// As [`compare`].
pub(crate) fn judge(
    reference: &Tensor,
    other: &Tensor,
    tolerance: &Tolerance,
) -> Result<Judgement> {
    let comparison = compare(reference, other)?;
    let tolerance = tolerance.for_output(reference.dtype());
    let mut judgement = Judgement { comparison, ..Judgement::default() };
    if judgement.comparison.is_exact() {
        return Ok(judgement);
    }
    let allowance = Allowance::of(reference.dtype(), &judgement.comparison, &tolerance);
    let pairs = Pairs { dtype: reference.dtype(), a: host(reference)?, b: host(other)? };
    let mut non_finite = false;
    pairs.each(|flat, x, y| {
        let used = allowance.used(x, y);
        judgement.used = judgement.used.max(used);
        if used > 1.0 {
            judgement.violations += 1;
            non_finite |= !x.is_finite() || !y.is_finite();
            if judgement.first.len() < NAMED {
                let index = crate::compare::ElementLocation::new(0, flat, reference.shape()).index;
                judgement.first.push(Difference { index, reference: x, value: y });
            }
        }
    });
    let rms = judgement.comparison.relative_rms();
    let rms_used = if tolerance.rms > 0.0 { rms / tolerance.rms } else { 0.0 };
    judgement.metric = match judgement.violations {
        _ if non_finite => Some(Metric::NonFinite),
        1.. if is_float(reference.dtype()) => Some(Metric::Element),
        1.. => Some(Metric::Integer),
        0 if is_float(reference.dtype()) && rms_used > 1.0 && allowance.scale > 0.0 => {
            judgement.used = judgement.used.max(rms_used);
            Some(Metric::Rms)
        }
        0 => None,
    };
    Ok(judgement)
}

struct Pairs<'a> {
    dtype: DType,
    a: &'a [u8],
    b: &'a [u8],
}

impl Pairs<'_> {
    /// Calls `f` with the flat position and both values, a piece of the tensors at a time.
    fn each(&self, mut f: impl FnMut(usize, f64, f64)) {
        const PIECE: usize = 4096;
        let bytes = PIECE * self.dtype.size();
        for (piece, (a, b)) in self.a.chunks(bytes).zip(self.b.chunks(bytes)).enumerate() {
            let pairs = values(self.dtype, a).into_iter().zip(values(self.dtype, b));
            pairs.enumerate().for_each(|(at, (x, y))| f(piece * PIECE + at, x, y));
        }
    }
}

/// What one element of one tensor may be off.
struct Allowance {
    float: bool,
    relative: f64,
    absolute: f64,
    steps: u64,
    scale: f64,
}

impl Allowance {
    fn of(dtype: DType, comparison: &Comparison, tolerance: &Tolerance) -> Self {
        let narrow = matches!(dtype, DType::U8 | DType::I8);
        let exact = tolerance.profile == ProfileName::Exact;
        Self {
            float: is_float(dtype),
            relative: tolerance.relative,
            absolute: if exact { 0.0 } else { tolerance.absolute },
            steps: if narrow { tolerance.integer_steps } else { 0 },
            scale: comparison.reference_rms(),
        }
    }

    /// The share of what is allowed that this pair takes.
    fn used(&self, x: f64, y: f64) -> f64 {
        if x == y || (x.is_nan() && y.is_nan()) {
            return 0.0;
        }
        if !x.is_finite() || !y.is_finite() {
            return f64::INFINITY;
        }
        let allowed = match self.float {
            true => self.relative * (x.abs() + self.scale) + self.absolute,
            false => count(self.steps),
        };
        (x - y).abs() / allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Work;

    fn judged(reference: &[f32], other: &[f32], profile: ProfileName) -> Judgement {
        let tensor = |values: &[f32]| Tensor::from_values([values.len()], values).unwrap();
        let tolerance = profile.tolerance(Work { accumulated: 4096, depth: 1 });
        judge(&tensor(reference), &tensor(other), &tolerance).unwrap()
    }

    #[test]
    fn exact_is_the_same_value() {
        let exact = |a, b| judged(&[a], &[b], ProfileName::Exact);
        assert!(exact(1.0, 1.0).is_within());
        assert!(exact(0.0, -0.0).is_within());
        assert!(exact(f32::NAN, f32::NAN).is_within());
        assert_eq!(exact(1.0, 1.0 + f32::EPSILON).metric, Some(Metric::Element));
        assert_eq!(exact(0.0, f32::from_bits(1)).metric, Some(Metric::Element));
    }

    #[test]
    fn the_bound_is_where_the_formula_puts_it() {
        // One element of 1: rms 1, so 2 * 4 * 64 * 2^-24 = 3.05e-5 is allowed of it.
        let off = |by: f32| {
            let mut other = [1.0; 100];
            other[1] += by;
            judged(&[1.0; 100], &other, ProfileName::Fp32)
        };
        assert!(off(3e-5).is_within());
        let found = off(3.2e-5);
        assert_eq!((found.metric, found.violations), (Some(Metric::Element), 1));
        assert_eq!(found.first[0].index, [1]);
        assert!(found.used > 1.0 && found.used < 1.1, "{}", found.used);
    }

    #[test]
    fn an_error_everywhere_is_too_much_before_an_element_is() {
        let found = judged(&[1.0; 100], &[1.0 + 2e-5; 100], ProfileName::Fp32);
        assert_eq!((found.metric, found.violations), (Some(Metric::Rms), 0));
    }

    #[test]
    fn no_profile_forgives_a_nan_or_an_infinity() {
        for wrong in [f32::NAN, f32::INFINITY] {
            let found = judged(&[1.0, 2.0], &[1.0, wrong], ProfileName::Int8);
            assert_eq!(found.metric, Some(Metric::NonFinite));
        }
    }

    #[test]
    fn one_step_of_eight_bits_is_for_int8_alone() {
        let tensor = |values: &[u8]| Tensor::from_values([values.len()], values).unwrap();
        let judged = |profile: ProfileName, by: u8| {
            let tolerance = profile.tolerance(Work::default());
            judge(&tensor(&[10, 20]), &tensor(&[10, 20 + by]), &tolerance).unwrap().metric
        };
        assert_eq!(judged(ProfileName::Int8, 1), None);
        assert_eq!(judged(ProfileName::Int8, 2), Some(Metric::Integer));
        assert_eq!(judged(ProfileName::Bf16, 1), Some(Metric::Integer));
    }
}
