//! What one copy takes on this machine, into memory that was used before.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::measure::Side;
use crate::measure::stats::median_interval;

struct Copy(usize);

impl Side for Copy {
    fn block(&self, runs: u32) -> Result<Duration> {
        let from = vec![1u8; self.0];
        let mut to = vec![0u8; self.0];
        let began = Instant::now();
        for _ in 0..runs {
            black_box(&mut to).copy_from_slice(black_box(&from));
        }
        Ok(began.elapsed())
    }
}

/// Median nanoseconds for a copy of `bytes`.
pub(crate) fn copy_ns(bytes: usize) -> Result<f64> {
    let runs = u32::try_from(20_000_000 / bytes.max(200))?.max(1);
    let copy = Copy(bytes);
    let mut times = Vec::new();
    for _ in 0..15 {
        times.push(copy.block(runs)?.as_secs_f64() * 1e9 / f64::from(runs));
    }
    Ok(median_interval(&[times]).median)
}
