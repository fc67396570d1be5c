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

/// Times the sides in the order A-B-B-A, so that a machine that speeds up or slows down favours neither.
pub(crate) fn compare(first: &dyn Side, second: &dyn Side, plan: Plan) -> Result<Comparison> {
    let runs = [fitting(first, plan.block)?, fitting(second, plan.block)?];
    let mut times = [Vec::new(), Vec::new()];
    for pair in 0..plan.pairs {
        let order = if pair % 2 == 0 { [0, 1] } else { [1, 0] };
        for side in order {
            let took = [first, second][side].block(runs[side])?;
            times[side].push(took.as_secs_f64() * 1e9 / f64::from(runs[side]));
        }
    }
    let [firsts, seconds] = &times;
    let pairs = || firsts.iter().zip(seconds);
    Ok(Comparison {
        pairs: plan.pairs,
        runs,
        first_ns: median_interval(firsts).median,
        second_ns: median_interval(seconds).median,
        ratio: median_interval(&pairs().map(|(a, b)| b / a).collect::<Vec<_>>()),
        added_ns: median_interval(&pairs().map(|(a, b)| b - a).collect::<Vec<_>>()),
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
