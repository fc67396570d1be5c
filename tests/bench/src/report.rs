//! What a benchmark found, as it is written to `overhead.json`.

use serde::{Deserialize, Serialize};

use crate::allocations::Allocations;
use crate::engine::Engine;
use crate::machine::Machine;
use crate::measure::Comparison;
use crate::measure::stats::{Interval, Line};

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    /// A-B-B-A, this many pairs of blocks of this many milliseconds.
    pub(crate) blocks: usize,
    pub(crate) block_ms: u64,
    /// The native side against itself: what noise alone makes of a ratio.
    pub(crate) noise: Interval,
    pub(crate) engines: Vec<EngineReport>,
    /// The smallest echo, layer by layer.
    pub(crate) layers: Vec<Layer>,
    pub(crate) allocations: Vec<Allocations>,
    pub(crate) fresh_instance_ns: Interval,
    /// The same ladder on wasmtime's own wasi-nn.
    pub(crate) peer: Vec<PeerRow>,
}

/// One library: natively, and behind the sandbox.
#[derive(Debug, Serialize)]
pub(crate) struct EngineReport {
    pub(crate) engine: Engine,
    pub(crate) rows: Vec<Row>,
    /// What echoes cost over what they carry, in bytes and in copies.
    pub(crate) by_bytes: Option<Line>,
    pub(crate) by_copies: Option<Line>,
    pub(crate) two_threads: Option<TwoThreads>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) model: String,
    /// Into the model; as many come out of an echo.
    pub(crate) bytes: usize,
    pub(crate) echo: bool,
    /// One copy of the input.
    pub(crate) copy_ns: f64,
    /// First: native. Second: through a guest.
    pub(crate) comparison: Comparison,
    /// The native side over itself loaded a second time, for models that compute: what a ratio is where nothing
    /// is added.
    pub(crate) native_twice: Option<Interval>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Layer {
    pub(crate) what: String,
    pub(crate) ns: Interval,
}

#[derive(Debug, Serialize)]
pub(crate) struct TwoThreads {
    pub(crate) model: String,
    /// Runs a second by two guests on two threads, over those by one.
    pub(crate) guests: Interval,
    /// The same of the engine called natively: what the machine itself gives.
    pub(crate) native: Interval,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PeerRow {
    pub(crate) engine: Engine,
    pub(crate) model: String,
    pub(crate) bytes: usize,
    pub(crate) comparison: Comparison,
}
