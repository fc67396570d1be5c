//! Two ways to do the same work, timed in turns. Used by the peer's comparison as well, which is why
//! nothing of Godwit's is named here.

pub(crate) mod guest;
pub(crate) mod stats;

use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use self::stats::{Interval, median_interval};

/// One way to do the work.
pub(crate) trait Side: Sync {
    /// How long `runs` runs take once everything is warm.
    fn block(&self, runs: u32) -> Result<Duration>;
}

/// How much to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Pairs of blocks, one of each side.
    pub(crate) pairs: usize,
    /// How long a block lasts, about.
    pub(crate) block: Duration,
}

/// What two sides took.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Comparison {
    pub(crate) pairs: usize,
    /// Runs in a block of each side.
    pub(crate) runs: [u32; 2],
    /// Median of one run of the first side, nanoseconds.
    pub(crate) first_ns: f64,
    /// Median of one run of the second side, nanoseconds.
    pub(crate) second_ns: f64,
    /// Second over first: the median over all pairs.
    pub(crate) ratio: Interval,
    /// Second less first, nanoseconds a run: the median over all pairs.
    pub(crate) added_ns: Interval,
}

/// What the blocks of one round took, a run.
pub(crate) struct Times {
    runs: [u32; 2],
    /// Nanoseconds of the first side and of the second.
    pairs: Vec<[f64; 2]>,
}

/// Times the sides in the order A-B-B-A, so that a machine that speeds up or slows down favours neither.
pub(crate) fn times(first: &dyn Side, second: &dyn Side, plan: Plan) -> Result<Times> {
    let sides = [first, second];
    let runs = [fitting(first, plan.block)?, fitting(second, plan.block)?];
    let mut pairs = Vec::with_capacity(plan.pairs);
    for pair in 0..plan.pairs {
        let mut took = [0.0; 2];
        for side in if pair % 2 == 0 { [0, 1] } else { [1, 0] } {
            took[side] = sides[side].block(runs[side])?.as_secs_f64() * 1e9 / f64::from(runs[side]);
        }
        pairs.push(took);
    }
    Ok(Times { runs, pairs })
}

/// Two sides that stay as they are.
pub(crate) fn compare(first: &dyn Side, second: &dyn Side, plan: Plan) -> Result<Comparison> {
    rounds(1, || times(first, second, plan))
}

/// Two sides that `round` makes anew each time. Where memory comes to lie decides how caches like it, and
/// that stays as it is for as long as a side does: one round would measure its luck.
pub(crate) fn rounds(count: usize, round: impl FnMut() -> Result<Times>) -> Result<Comparison> {
    let all: Vec<Times> = std::iter::repeat_with(round).take(count).collect::<Result<_>>()?;
    let over = |what: fn(&[f64; 2]) -> f64| {
        let rounds: Vec<Vec<f64>> =
            all.iter().map(|round| round.pairs.iter().map(what).collect()).collect();
        median_interval(&rounds)
    };
    Ok(Comparison {
        pairs: all.iter().map(|round| round.pairs.len()).sum(),
        runs: all.first().map(|round| round.runs).unwrap_or_default(),
        first_ns: over(|[first, _]| *first).median,
        second_ns: over(|[_, second]| *second).median,
        ratio: over(|[first, second]| second / first),
        added_ns: over(|[first, second]| second - first),
    })
}

/// Runs that fill a block.
fn fitting(side: &dyn Side, block: Duration) -> Result<u32> {
    let mut runs = 1u32;
    loop {
        let took = side.block(runs)?;
        if took * 4 >= block || runs >= 1 << 24 {
            let fit = f64::from(runs) * block.as_secs_f64() / took.as_secs_f64().max(1e-9);
            #[allow(clippy::cast_possible_truncation, reason = "clamped to what fits")]
            return Ok(fit.clamp(1.0, f64::from(1u32 << 24)).round() as u32);
        }
        runs *= 2;
    }
}
