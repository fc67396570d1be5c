//! Medians with their uncertainty, and a straight line through points.

use serde::{Deserialize, Serialize};

/// A median and the bounds of its 95 % bootstrap interval.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Interval {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

const RESAMPLES: usize = 2000;

/// The median of all values, and how far off it may be: the bounds that 95 % of the medians of random
/// resamples keep within. First rounds are drawn, then values from each, so that rounds which differ widen
/// the interval.
pub(crate) fn median_interval(rounds: &[Vec<f64>]) -> Interval {
    // Always the same resamples: the same times give the same interval.
    let mut random = fastrand::Rng::with_seed(1);
    let mut medians = Vec::with_capacity(RESAMPLES);
    let mut resample = Vec::new();
    for _ in 0..RESAMPLES {
        resample.clear();
        for _ in rounds {
            let round = random.choice(rounds).map(Vec::as_slice).unwrap_or_default();
            resample.extend(round.iter().filter_map(|_| random.choice(round).copied()));
        }
        medians.push(quantile(&mut resample, 0.5));
    }
    Interval {
        median: quantile(&mut rounds.concat(), 0.5),
        low: quantile(&mut medians, 0.025),
        high: quantile(&mut medians, 0.975),
    }
}

/// The value below which a share `at` of `values` lies, between two of them if need be.
fn quantile(values: &mut [f64], at: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return f64::NAN };
    let position = at * last as f64;
    let (below, above) = (position.floor(), position.ceil());
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
    let get = |index: f64| values.get(index as usize).copied().unwrap_or(f64::NAN);
    get(below) + (get(above) - get(below)) * (position - below)
}

/// `y = fixed + slope * x`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) fixed: f64,
    pub(crate) slope: f64,
}

/// The line that misses each point by as little as possible in proportion to its height: points that lie
/// a thousand times apart count alike.
pub(crate) fn line(points: &[(f64, f64)]) -> Line {
    let (mut w, mut wx, mut wy, mut wxx, mut wxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for &(x, y) in points {
        let weight = 1.0 / (y * y).max(f64::MIN_POSITIVE);
        w += weight;
        wx += weight * x;
        wy += weight * y;
        wxx += weight * x * x;
        wxy += weight * x * y;
    }
    let slope = (w * wxy - wx * wy) / (w * wxx - wx * wx);
    Line { fixed: (wy - slope * wx) / w, slope }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_holds_the_median_and_narrows_with_more_values() {
        let values = |n: u32| (0..n).map(|i| f64::from(i * 37 % n)).collect::<Vec<_>>();
        let interval = |n| median_interval(&[values(n)]);
        let (few, many) = (interval(21), interval(401));
        assert_eq!((few.median, many.median), (10.0, 200.0));
        assert!(few.low < 10.0 && few.high > 10.0, "{few:?}");
        assert!((few.high - few.low) / 21.0 > (many.high - many.low) / 401.0);
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
    fn an_even_number_of_values_has_a_median_in_between() {
        assert_eq!(quantile(&mut [4.0, 1.0, 3.0, 2.0], 0.5), 2.5);
    }

    #[test]
    fn a_line_is_found() {
        let points: Vec<_> = [1.0, 10.0, 1e3, 1e6].map(|x| (x, 1500.0 + 0.25 * x)).to_vec();
        let Line { fixed, slope } = line(&points);
        assert!((fixed - 1500.0).abs() < 1e-6 && (slope - 0.25).abs() < 1e-9, "{fixed} {slope}");
    }
}
