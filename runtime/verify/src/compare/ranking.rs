use serde::Serialize;

use crate::number::count;

/// How often the largest elements of a row agree. A row is along the last dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
pub struct Agreement {
    /// Rows with at least two elements.
    pub rows: u64,
    /// Rows whose largest element has the same index, or one with an equally large element in the reference.
    pub top1: u64,
    /// The `k` of `topk`.
    pub k: usize,
    /// Indices among the `k` largest of both, summed over rows; at most `k * rows`.
    pub topk: u64,
}

impl Agreement {
    /// The maximum of `k`.
    const MOST: usize = 5;

    /// The share of rows whose largest element agrees; 1 without rows.
    pub fn top1_rate(&self) -> f64 {
        if self.rows == 0 { 1.0 } else { count(self.top1) / count(self.rows) }
    }

    /// The share of the `k` largest that agree; 1 without rows.
    pub fn topk_rate(&self) -> f64 {
        let all = self.rows.saturating_mul(self.k as u64);
        if all == 0 { 1.0 } else { count(self.topk) / count(all) }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.top1 += other.top1;
        self.topk += other.topk;
        self.k = self.k.max(other.k);
    }

    pub(super) fn add_row(&mut self, reference: &[f64], other: &[f64]) {
        if reference.len() < 2 {
            return;
        }
        let k = Self::MOST.min(reference.len() / 2).max(1);
        let (best, found) = (top(reference, k), top(other, k));
        let (Some(&first), Some(&chosen)) = (best.first(), found.first()) else { return };
        self.rows += 1;
        self.k = k;
        let as_large = reference.get(chosen) == reference.get(first);
        self.top1 += u64::from(first == chosen || as_large);
        self.topk += found.iter().filter(|place| best.contains(place)).count() as u64;
    }
}

/// The indices of the `k` largest, the first of equal ones first. NaN is smaller than any number.
pub(crate) fn top(row: &[f64], k: usize) -> Vec<usize> {
    let mut best: Vec<(usize, f64)> = Vec::with_capacity(k + 1);
    for (place, &value) in row.iter().enumerate() {
        let value = if value.is_nan() { f64::NEG_INFINITY } else { value };
        let rank = best.iter().position(|(_, other)| value > *other).unwrap_or(best.len());
        if rank < k {
            best.insert(rank, (place, value));
            best.truncate(k);
        }
    }
    best.into_iter().map(|(place, _)| place).collect()
}
