use godwit_backend::{DType, Error, Result, Tensor};
use serde::Serialize;

use super::{Agreement, UlpHistogram, host};
use crate::number::{Number, count, elements, with_element};

/// The location of an element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct ElementLocation {
    /// The number of the run, from 0.
    pub run: usize,
    /// The index along each dimension, outermost first.
    pub index: Vec<usize>,
}

impl ElementLocation {
    pub(crate) fn new(run: usize, flat: usize, dims: &[usize]) -> Self {
        let mut rest = flat;
        let mut index: Vec<usize> = dims
            .iter()
            .rev()
            .map(|&dim| {
                let dim = dim.max(1);
                let at = rest % dim;
                rest /= dim;
                at
            })
            .collect();
        index.reverse();
        Self { run, index }
    }
}

/// The differences of a tensor, or of the same output of many runs, from its reference.
///
/// Pairs in which either side is not finite are counted, and left out of all other figures.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Comparison {
    /// Pairs of elements.
    pub elements: u64,
    /// Pairs that are not equal in value; two NaNs are.
    pub different: u64,
    /// The largest difference.
    pub max_abs: f64,
    /// The location of the largest difference.
    pub max_abs_at: Option<ElementLocation>,
    /// The largest difference relative to the reference's element. Elements of 0 are left out.
    pub max_rel: f64,
    /// Distances in units in the last place; for integers, differences.
    pub ulps: UlpHistogram,
    /// NaNs only in the reference.
    pub nan_only_in_reference: u64,
    /// NaNs only in the other tensor.
    pub nan_only_in_other: u64,
    /// Infinities without an equal infinity on the other side.
    pub infinity_mismatches: u64,
    /// Agreement of the largest elements of each row. Not computed for booleans.
    pub ranking: Agreement,
    #[serde(skip)]
    sums: Sums,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Sums {
    finite: u64,
    product: f64,
    reference: f64,
    other: f64,
    error: f64,
}

/// Compares `other` with `reference`.
///
/// # Errors
///
/// `InvalidArgument` when shapes or dtypes differ, or a tensor is not on the host.
pub fn compare(reference: &Tensor, other: &Tensor) -> Result<Comparison> {
    if reference.dtype() != other.dtype() || reference.shape() != other.shape() {
        return Err(Error::invalid_argument(format!(
            "{reference} cannot be compared with {other}"
        )));
    }
    let (a, b) = (host(reference)?, host(other)?);
    let mut comparison = Comparison::default();
    with_element!(reference.dtype(), T => comparison.add::<T>(a, b, reference.shape()));
    if reference.dtype() != DType::Bool {
        with_element!(reference.dtype(), T => comparison.rank::<T>(a, b, reference.shape()));
    }
    Ok(comparison)
}

impl Comparison {
    /// The cosine similarity; `None` if one side is all zeros.
    pub fn cosine(&self) -> Option<f64> {
        let Sums { product, reference, other, .. } = self.sums;
        let cosine = product / (reference.sqrt() * other.sqrt());
        cosine.is_finite().then(|| cosine.clamp(-1.0, 1.0))
    }

    /// The root of the mean squared difference.
    pub fn rms(&self) -> f64 {
        self.mean(self.sums.error)
    }

    /// The root of the mean squared element of the reference.
    pub fn reference_rms(&self) -> f64 {
        self.mean(self.sums.reference)
    }

    /// [`Comparison::rms`] relative to [`Comparison::reference_rms`].
    pub fn relative_rms(&self) -> f64 {
        match self.sums.error {
            0.0 => 0.0,
            error => (error / self.sums.reference).sqrt(),
        }
    }

    /// Whether every element has the same value.
    pub fn is_exact(&self) -> bool {
        self.different == 0
    }

    /// Adds the figures of another comparison, that of run number `run`.
    pub fn merge(&mut self, other: &Self, run: usize) {
        self.elements += other.elements;
        self.different += other.different;
        if other.max_abs > self.max_abs || self.max_abs_at.is_none() {
            self.max_abs = other.max_abs;
            self.max_abs_at =
                other.max_abs_at.clone().map(|place| ElementLocation { run, ..place });
        }
        self.max_rel = self.max_rel.max(other.max_rel);
        self.ulps.merge(&other.ulps);
        self.nan_only_in_reference += other.nan_only_in_reference;
        self.nan_only_in_other += other.nan_only_in_other;
        self.infinity_mismatches += other.infinity_mismatches;
        self.ranking.merge(&other.ranking);
        self.sums.finite += other.sums.finite;
        self.sums.product += other.sums.product;
        self.sums.reference += other.sums.reference;
        self.sums.other += other.sums.other;
        self.sums.error += other.sums.error;
    }

    fn mean(&self, sum: f64) -> f64 {
        if self.sums.finite == 0 { 0.0 } else { (sum / count(self.sums.finite)).sqrt() }
    }

    fn add<T: Number>(&mut self, a: &[u8], b: &[u8], dims: &[usize]) {
        let mut worst = None;
        for (flat, (a, b)) in elements::<T>(a).zip(elements::<T>(b)).enumerate() {
            self.elements += 1;
            let (x, y) = (a.value(), b.value());
            let Some(steps) = a.steps(b) else {
                self.nan_only_in_reference += u64::from(!y.is_nan());
                self.nan_only_in_other += u64::from(!x.is_nan());
                self.different += u64::from(x.is_nan() != y.is_nan());
                continue;
            };
            self.ulps.add(steps);
            self.different += u64::from(steps != 0);
            if !x.is_finite() || !y.is_finite() {
                self.infinity_mismatches += u64::from(steps != 0);
                continue;
            }
            let error = (x - y).abs();
            if error > self.max_abs {
                self.max_abs = error;
                worst = Some(flat);
            }
            if x != 0.0 {
                self.max_rel = self.max_rel.max(error / x.abs());
            }
            self.sums.finite += 1;
            self.sums.product += x * y;
            self.sums.reference += x * x;
            self.sums.other += y * y;
            self.sums.error += error * error;
        }
        self.max_abs_at = worst.map(|flat| ElementLocation::new(0, flat, dims));
    }

    fn rank<T: Number>(&mut self, a: &[u8], b: &[u8], dims: &[usize]) {
        let width = dims.last().copied().unwrap_or(1);
        let bytes = width.saturating_mul(size_of::<T>());
        if width < 2 {
            return;
        }
        let (mut x, mut y) = (Vec::with_capacity(width), Vec::with_capacity(width));
        for (a, b) in a.chunks_exact(bytes).zip(b.chunks_exact(bytes)) {
            x.clear();
            y.clear();
            x.extend(elements::<T>(a).map(T::value));
            y.extend(elements::<T>(b).map(T::value));
            self.ranking.add_row(&x, &y);
        }
    }
}
