use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{DeviceId, Digest};
use serde::{Serialize, Serializer};

/// What a [`Ledger`](crate::Ledger) holds at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Report {
    /// One row for each model on each device, ordered by model, then device.
    pub rows: Vec<ReportRow>,
}

/// The figures of one model on one device. Times are serialised as seconds, in fields ending in
/// `_seconds`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportRow {
    /// The model's name.
    pub model: Arc<str>,
    /// The SHA-256 of the model; none in the row that collects models beyond the ledger's size.
    pub digest: Option<Digest>,
    /// The device that ran.
    pub device: DeviceId,
    /// Loads that gave a graph, whether compiled or found in the cache.
    pub loads: u64,
    /// Runs that gave their outputs.
    pub runs: u64,
    /// Loads, contexts and runs that failed, runs that were dropped before they had finished included.
    pub errors: u64,
    /// Time of all runs, each from the call to its outputs, waiting included.
    #[serde(rename = "total_seconds", serialize_with = "seconds")]
    pub total: Duration,
    /// The shortest run.
    #[serde(rename = "min_seconds", serialize_with = "maybe_seconds")]
    pub min: Option<Duration>,
    /// The longest run.
    #[serde(rename = "max_seconds", serialize_with = "maybe_seconds")]
    pub max: Option<Duration>,
    /// Bytes of input tensors of the runs.
    pub bytes_in: u64,
    /// Bytes of output tensors of the runs.
    pub bytes_out: u64,
}

impl ReportRow {
    /// The mean time of a run.
    pub fn mean(&self) -> Option<Duration> {
        let nanos = self.total.as_nanos().checked_div(u128::from(self.runs))?;
        u64::try_from(nanos).ok().map(Duration::from_nanos)
    }
}

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

fn maybe_seconds<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.as_secs_f64()).serialize(serializer)
}
