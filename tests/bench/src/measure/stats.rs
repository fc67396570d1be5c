//! A straight line through points; medians and their intervals are those of `godwit-verify`.

use serde::{Deserialize, Serialize};

pub(crate) use godwit_verify::{MedianInterval as Interval, median_interval};

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
    fn a_line_is_found() {
        let points: Vec<_> = [1.0, 10.0, 1e3, 1e6].map(|x| (x, 1500.0 + 0.25 * x)).to_vec();
        let Line { fixed, slope } = line(&points);
        assert!((fixed - 1500.0).abs() < 1e-6 && (slope - 0.25).abs() < 1e-9, "{fixed} {slope}");
    }
}
