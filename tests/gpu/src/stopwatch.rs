//! Two ways of doing the same, compared on a machine that others use too.

use std::time::{Duration, Instant};

use anyhow::Result;

/// What a comparison found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comparison {
    /// The median of `right` over `left`, block by block.
    pub(crate) ratio: f64,
    /// Medians of one call.
    pub(crate) left: Duration,
    pub(crate) right: Duration,
}

impl Comparison {
    /// What one call costs more on the right.
    pub(crate) fn added_micros(&self) -> f64 {
        (self.right.as_secs_f64() - self.left.as_secs_f64()) * 1e6
    }
}

/// Times blocks of `calls` calls, left-right-right-left, until `time` is over.
pub(crate) fn compare(
    calls: u32,
    time: Duration,
    mut left: impl FnMut() -> Result<()>,
    mut right: impl FnMut() -> Result<()>,
) -> Result<Comparison> {
    let (mut lefts, mut rights, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let end = Instant::now() + time;
    while Instant::now() < end || ratios.len() < 5 {
        let mut sums = [0.0; 2];
        for side in [0, 1, 1, 0] {
            let took = if side == 0 { block(calls, &mut left)? } else { block(calls, &mut right)? };
            if let Some(sum) = sums.get_mut(side) {
                *sum += took / 2.0;
            }
        }
        let [a, b] = sums;
        lefts.push(a / f64::from(calls));
        rights.push(b / f64::from(calls));
        ratios.push(b / a);
    }
    let of = |values| Duration::try_from_secs_f64(median(values)).unwrap_or_default();
    Ok(Comparison { ratio: median(ratios), left: of(lefts), right: of(rights) })
}

fn block(calls: u32, work: &mut impl FnMut() -> Result<()>) -> Result<f64> {
    let began = Instant::now();
    for _ in 0..calls {
        work()?;
    }
    Ok(began.elapsed().as_secs_f64())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_counts() {
        assert_eq!(median(vec![9.0, 1.0, 2.0]), 2.0);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn both_sides_are_called_equally_often() {
        let (mut left, mut right) = (0, 0);
        let count = |n: &mut i32| {
            *n += 1;
            Ok(())
        };
        compare(3, Duration::ZERO, || count(&mut left), || count(&mut right)).unwrap();
        assert_eq!((left, right), (30, 30));
    }
}
