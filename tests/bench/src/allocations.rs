//! Heap allocations that a warm run makes on the host, layer by layer.

use anyhow::Result;
use serde::Serialize;

use crate::counter;
use crate::measure::Side;

#[derive(Debug, Serialize)]
pub(crate) struct Allocations {
    pub(crate) model: String,
    pub(crate) what: String,
    pub(crate) a_run: f64,
    pub(crate) bytes_a_run: f64,
}

const FEW: u32 = 16;
const MANY: u32 = 80;

/// Counts twice, with few runs and with many: what starting and ending allocate is in both, and the
/// difference is what the runs do.
pub(crate) fn count(model: &str, what: &str, side: &dyn Side) -> Result<Allocations> {
    // What is made once in a process shall be there.
    side.block(MANY)?;
    let (done, few) = counter::count(|| side.block(FEW));
    done?;
    let (done, many) = counter::count(|| side.block(MANY));
    done?;
    let a_run = |many: u64, few: u64| (many as f64 - few as f64) / f64::from(MANY - FEW);
    Ok(Allocations {
        model: model.to_owned(),
        what: what.to_owned(),
        a_run: a_run(many[0], few[0]),
        bytes_a_run: a_run(many[1], few[1]),
    })
}
