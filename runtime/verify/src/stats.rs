//! Statistics of latencies, with their uncertainty.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::number::count as number;
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
    /// The median.
    pub median: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The longest.
    pub max: f64,
    /// The 95 % confidence interval of the median, by a percentile bootstrap.
    pub median_interval: [f64; 2],
    /// At most 200 of the times in ascending order, evenly spaced: for plots.
    pub quantiles: Vec<f64>,
}

/// Resamples of a bootstrap.
const RESAMPLES: usize = 2000;
/// The bootstrap of a latency uses at most this many times: the interval of more is narrow anyway.
const RESAMPLED: usize = 2000;

impl Latency {
    /// The statistics of `times`; `None` without any. The same times give the same statistics.
    pub fn of(times: &[Duration]) -> Option<Self> {
        let mut sorted: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let MedianInterval { low, high, .. } = median_interval(&[thinned(&sorted, RESAMPLED)]);
        Some(Self {
            runs: sorted.len() as u64,
            min,
            mean: sorted.iter().sum::<f64>() / number(sorted.len() as u64),
            median: quantile(&sorted, 0.5),
            p95: quantile(&sorted, 0.95),
            p99: quantile(&sorted, 0.99),
            max,
            median_interval: [low, high],
            quantiles: thinned(&sorted, 200),
        })
    }

    /// How much slower this is than `before`: the ratio of the medians, and its bounds by both confidence
    /// intervals.
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

/// A ratio of latencies. Above 1 is slower than before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Slowdown {
    /// The ratio of the medians.
    pub ratio: f64,
    /// Its lower bound.
    pub least: f64,
    /// Its upper bound.
    pub most: f64,
    /// The number of runs, the smaller of both sides.
    pub runs: u64,
}

impl Slowdown {
    /// With fewer runs nothing is concluded.
    pub const MIN_RUNS: u64 = 5;

    /// Whether it is slower by `factor` with confidence.
    pub fn exceeds(&self, factor: f64) -> bool {
        self.runs >= Self::MIN_RUNS && self.least > factor
    }

    /// Whether it is faster by `factor` with confidence.
    pub fn is_faster(&self, factor: f64) -> bool {
        self.runs >= Self::MIN_RUNS && self.most < 1.0 / factor
    }
}

fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { 1.0 }
}

/// The quantile at `part` of `sorted`, with linear interpolation.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = part * number(sorted.len().saturating_sub(1) as u64);
    let at = |place: f64| sorted.get(index(place)).copied().unwrap_or(f64::NAN);
    let (low, high) = (at(place.floor()), at(place.ceil()));
    low + (high - low) * place.fract()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index, never negative"
)]
fn index(place: f64) -> usize {
    place as usize
}

/// A median and its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MedianInterval {
    /// The median.
    pub median: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// The median of all values in `rounds`, with a percentile bootstrap of its 95 % confidence interval; NaN
/// without any values.
///
/// A resample draws rounds first and then values from each of them, so that rounds that differ widen the
/// interval. The same values always give the same interval.
pub fn median_interval(rounds: &[Vec<f64>]) -> MedianInterval {
    let mut random = Random::new(0x676f_6477_6974);
    let mut draw = |count: usize| index(number(random.below(count.max(1) as u64)));
    let mut resample = Vec::new();
    let mut medians = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        resample.clear();
        for _ in rounds {
            let Some(round) = rounds.get(draw(rounds.len())) else { continue };
            resample.extend(round.iter().filter_map(|_| round.get(draw(round.len())).copied()));
        }
        medians.push(median(&mut resample));
    }
    medians.sort_unstable_by(f64::total_cmp);
    MedianInterval {
        median: median(&mut rounds.concat()),
        low: quantile(&medians, 0.025),
        high: quantile(&medians, 0.975),
    }
}

/// The middle value, or the mean of the two middle ones.
fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let (middle, is_even) = (values.len() / 2, values.len().is_multiple_of(2));
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    match is_even {
        true => below.iter().copied().fold(f64::MIN, f64::max).midpoint(*upper),
        false => *upper,
    }
}

/// At most `most` of the values, evenly spaced.
fn thinned(sorted: &[f64], most: usize) -> Vec<f64> {
    if sorted.len() <= most {
        return sorted.to_vec();
    }
    let step = number(sorted.len() as u64 - 1) / number(most as u64 - 1);
    (0..most as u64)
        .filter_map(|nth| sorted.get(index((number(nth) * step).round())))
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
    fn the_interval_holds_the_median_and_narrows_with_more_values() {
        let values = |n: u32| (0..n).map(|i| f64::from(i * 37 % n)).collect::<Vec<_>>();
        let interval = |n| median_interval(&[values(n)]);
        let (few, many) = (interval(21), interval(401));
        assert_eq!((few.median, many.median), (10.0, 200.0));
        assert!(few.low < 10.0 && few.high > 10.0, "{few:?}");
        assert!((few.high - few.low) / 21.0 > (many.high - many.low) / 401.0);
        assert!(median_interval(&[]).median.is_nan() && median_interval(&[vec![]]).low.is_nan());
    }

    #[test]
    fn rounds_that_differ_widen_the_interval() {
        let round = |at: f64| (0..20).map(|n| at + f64::from(n) / 100.0).collect::<Vec<_>>();
        let (alike, apart) = ([1.0, 1.0, 1.0].map(round), [1.0, 2.0, 3.0].map(round));
        let (alike, apart) = (median_interval(&alike), median_interval(&apart));
        assert!(alike.high - alike.low < 0.1, "{alike:?}");
        assert!(apart.low < 1.2 && apart.high > 3.0, "{apart:?}");
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
