//! Latencies as figures: what is typical, what is rare, and how sure that is.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::number::count;
use crate::random::Random;

/// The latencies of one device. All times are seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// Runs measured.
    pub runs: u64,
    /// The shortest.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// The middle one.
    pub median: f64,
    /// 19 of 20 are not longer.
    pub p95: f64,
    /// 99 of 100 are not longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
    /// Where the median lies, with 95 % confidence, by a percentile bootstrap.
    pub median_interval: [f64; 2],
    /// 200 of the times at most, in order, evenly taken: for plots.
    pub quantiles: Vec<f64>,
}

/// How often the bootstrap draws.
const DRAWS: usize = 1000;
/// The bootstrap draws this many times a draw at most: the interval of more is narrow anyway.
const DRAWN: usize = 2000;

impl Latency {
    /// The figures of `times`; `None` without any. The same times give the same figures.
    pub fn of(times: &[Duration]) -> Option<Self> {
        let mut sorted: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        Some(Self {
            runs: sorted.len() as u64,
            min,
            mean: sorted.iter().sum::<f64>() / count(sorted.len() as u64),
            median: quantile(&sorted, 0.5),
            p95: quantile(&sorted, 0.95),
            p99: quantile(&sorted, 0.99),
            max,
            median_interval: interval(&sorted),
            quantiles: thinned(&sorted, 200),
        })
    }

    /// How much slower this is than `before`: the ratio of the medians, and the least and the most it can
    /// be with the confidence of both intervals.
    pub fn against(&self, before: &Self) -> Slowdown {
        let ([low, high], [before_low, before_high]) =
            (self.median_interval, before.median_interval);
        Slowdown {
            ratio: ratio(self.median, before.median),
            least: ratio(low, before_high),
            most: ratio(high, before_low),
            runs: self.runs.min(before.runs),
        }
    }
}

/// A ratio of latencies: above 1 is slower than before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Slowdown {
    /// Of the medians.
    pub ratio: f64,
    /// The least it may be.
    pub least: f64,
    /// The most it may be.
    pub most: f64,
    /// Runs of the side that has fewer.
    pub runs: u64,
}

impl Slowdown {
    /// Fewer runs than these tell nothing about a median.
    pub const MIN_RUNS: u64 = 5;

    /// Whether it is slower by `factor` for sure.
    pub fn exceeds(&self, factor: f64) -> bool {
        self.runs >= Self::MIN_RUNS && self.least > factor
    }

    /// Whether it is faster by `factor` for sure.
    pub fn is_faster(&self, factor: f64) -> bool {
        self.runs >= Self::MIN_RUNS && self.most < 1.0 / factor
    }
}

fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { 1.0 }
}

/// The value that a part of `sorted` does not exceed, between neighbours by their distance.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = part * count(sorted.len().saturating_sub(1) as u64);
    let at = |place: f64| sorted.get(index(place)).copied().unwrap_or(f64::NAN);
    let (low, high) = (at(place.floor()), at(place.ceil()));
    low + (high - low) * place.fract()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list, never below zero"
)]
fn index(place: f64) -> usize {
    place as usize
}

fn interval(sorted: &[f64]) -> [f64; 2] {
    let sample = thinned(sorted, DRAWN);
    let mut random = Random::new(0x676f_6477_6974);
    let mut medians: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let draw = || sample.get(index(count(random.below(sample.len() as u64)))).copied();
            let mut drawn: Vec<f64> =
                std::iter::repeat_with(draw).take(sample.len()).flatten().collect();
            let middle = drawn.len() / 2;
            let (below, median, _) = drawn.select_nth_unstable_by(middle, f64::total_cmp);
            match sample.len() % 2 {
                0 => below.iter().copied().fold(f64::MIN, f64::max).midpoint(*median),
                _ => *median,
            }
        })
        .collect();
    medians.sort_by(f64::total_cmp);
    [quantile(&medians, 0.025), quantile(&medians, 0.975)]
}

fn thinned(sorted: &[f64], most: usize) -> Vec<f64> {
    if sorted.len() <= most {
        return sorted.to_vec();
    }
    let step = count(sorted.len() as u64 - 1) / count(most as u64 - 1);
    (0..most as u64)
        .filter_map(|nth| sorted.get(index((count(nth) * step).round())))
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(millis: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        millis.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn figures_by_hand() {
        let latency = Latency::of(&times((1..=101).rev())).unwrap();
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
        near(latency.median, 0.051);
        near(latency.mean, 0.051);
        near(latency.p95, 0.096);
        near(latency.p99, 0.100);
        assert_eq!((latency.runs, latency.min, latency.max), (101, 0.001, 0.101));
        // Of 101 even times the median's 95 % interval is some 10 places to each side (√n is 10).
        let [low, high] = latency.median_interval;
        assert!((0.035..0.048).contains(&low) && (0.054..0.067).contains(&high), "{low} {high}");
        assert!(Latency::of(&[]).is_none());
    }

    #[test]
    fn an_even_number_has_its_median_between_two() {
        assert_eq!(Latency::of(&times([1, 3])).unwrap().median, 0.002);
        assert_eq!(Latency::of(&times([4])).unwrap().median_interval, [0.004, 0.004]);
    }

    #[test]
    fn twice_as_slow_is_seen_and_noise_is_not() {
        let noisy = |base: u64| Latency::of(&times((0..40).map(|n| base + n * 7 % 5))).unwrap();
        let (before, after, same) = (noisy(20), noisy(42), noisy(20));
        assert!(after.against(&before).exceeds(1.5), "{:?}", after.against(&before));
        assert!(before.against(&after).is_faster(1.5));
        assert!(!same.against(&before).exceeds(1.05));
        let few = Latency::of(&times([100, 100])).unwrap();
        assert!(!few.against(&before).exceeds(1.5), "two runs tell nothing");
    }
}
