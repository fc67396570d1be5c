//! What devices were asked and what they answered, as values.

use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{Device, Digest, Error, Graph, Model, Result, Target, Tensor};
use serde::{Deserialize, Serialize};

use crate::ProfileName;

/// Loads and runs in the order they began.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    /// Every load.
    pub loads: Vec<LoadRecord>,
    /// Every run.
    pub runs: Vec<RunRecord>,
}

impl Recording {
    /// The device that ran, if only one did.
    pub fn device(&self) -> Option<&DeviceStamp> {
        let mut stamps = self.loads.iter().filter_map(|load| load.device.as_ref());
        let first = stamps.next()?;
        stamps.all(|stamp| stamp.id == first.id).then_some(first)
    }

    /// The first error of a load or a run.
    pub fn failure(&self) -> Option<&Failure> {
        let loads = self.loads.iter().filter_map(|load| load.failure.as_ref());
        loads.chain(self.runs.iter().filter_map(|run| run.failure.as_ref())).next()
    }

    /// The load of a run.
    pub fn load_of(&self, run: &RunRecord) -> Option<&LoadRecord> {
        self.loads.get(run.load)
    }

    /// The times of all runs that answered.
    pub fn latencies(&self) -> Vec<Duration> {
        let answered = self.runs.iter().filter(|run| run.failure.is_none());
        answered.flat_map(|run| run.seconds.iter().map(|&s| duration(s))).collect()
    }

    /// Seconds of all loads that gave a graph.
    pub fn load_seconds(&self) -> f64 {
        self.loads.iter().filter(|load| load.failure.is_none()).map(|load| load.seconds).sum()
    }

    /// Operators of all graphs that run elsewhere than on the device; `None` where no graph says.
    pub fn elsewhere(&self) -> Option<u64> {
        let told = self.loads.iter().filter_map(|load| load.elsewhere);
        told.fold(None, |sum, count| Some(sum.unwrap_or(0).saturating_add(count)))
    }

    /// Bytes of device memory of all graphs.
    pub fn footprint(&self) -> u64 {
        self.loads.iter().map(|load| load.footprint).sum()
    }
}

pub(crate) fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// One load of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadRecord {
    /// The model's name.
    pub model: String,
    /// The model's digest, in hexadecimal.
    pub digest: String,
    /// The device asked for.
    pub target: String,
    /// The device that has the graph; none when there is no graph.
    pub device: Option<DeviceStamp>,
    /// How long it took.
    pub seconds: f64,
    /// Bytes of device memory the graph holds.
    pub footprint: u64,
    /// Operators of the model that run elsewhere than on the device, where it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<u64>,
    /// Why there is no graph.
    pub failure: Option<Failure>,
}

impl LoadRecord {
    /// What a load that took `seconds` came to.
    pub(crate) fn of(
        model: &Model,
        target: &Target,
        outcome: &Result<Arc<dyn Graph>>,
        seconds: f64,
    ) -> Self {
        let graph = outcome.as_ref().ok();
        let elsewhere =
            graph.and_then(|graph| graph.info().device.labels.get(Device::OPERATORS_ELSEWHERE));
        Self {
            model: model.name().to_string(),
            digest: model.digest().to_string(),
            target: target.device.to_string(),
            device: graph.map(|graph| DeviceStamp::from(&graph.info().device)),
            seconds,
            footprint: graph.map_or(0, |graph| graph.info().footprint.total()),
            elsewhere: elsewhere.and_then(|count| count.parse().ok()),
            failure: outcome.as_ref().err().map(Failure::from),
        }
    }
}

/// Which device, driven by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceStamp {
    /// Its id, such as `cpu:0`.
    pub id: String,
    /// Its class of hardware: `cpu`, `gpu` or `tpu`.
    pub kind: String,
    /// The product's name.
    pub name: String,
    /// The library that drives it, with its version.
    pub driver: String,
    /// What it multiplies `f32` models in: a dtype, or `tf32`.
    pub precision: String,
}

impl From<&Device> for DeviceStamp {
    fn from(device: &Device) -> Self {
        Self {
            id: device.id.to_string(),
            kind: device.kind.to_string(),
            name: device.name.clone(),
            driver: device.driver.clone(),
            precision: match device.labels.get(Device::MULTIPLIES_IN) {
                Some(tf32) if tf32 == ProfileName::Tf32.name() => tf32.clone(),
                _ => device.capabilities.precision.to_string(),
            },
        }
    }
}

/// One run.
#[derive(Debug, Clone)]
pub struct RunRecord {
    /// The position of its load in [`Recording::loads`].
    pub load: usize,
    /// What went in, in the model's order.
    pub inputs: Vec<Captured>,
    /// What came out, in the model's order; nothing when it failed.
    pub outputs: Vec<Captured>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// How long it took, once for each time it was repeated.
    pub seconds: Vec<f64>,
    /// Whether repeating it gave other bytes.
    pub unsteady: bool,
}

/// A tensor with its name, on the host.
#[derive(Debug, Clone)]
pub struct Captured {
    /// The name the signature gives it.
    pub name: String,
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    /// The tensor.
    pub tensor: Tensor,
}

/// An error as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// Its kind, such as `device-lost`.
    pub kind: String,
    /// Its message.
    pub message: String,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let kind = serde_json::to_value(error.kind()).ok();
        let kind = kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or("other");
        Self { kind: kind.to_owned(), message: error.message().to_owned() }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.message, self.kind)
    }
}
