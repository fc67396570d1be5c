//! Loads and runs of a device, with inputs, outputs and times.

use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{Device, Digest, Error, Graph, Model, Result, Target, Tensor};
use serde::{Deserialize, Serialize};

use crate::ProfileName;

/// Loads and runs, in the order they began.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    /// Every load.
    pub loads: Vec<LoadRecord>,
    /// Every run.
    pub runs: Vec<RunRecord>,
}

impl Recording {
    /// The device, if there was only one.
    pub fn device(&self) -> Option<&DeviceStamp> {
        let mut stamps = self.loads.iter().filter_map(|load| load.device.as_ref());
        let first = stamps.next()?;
        stamps.all(|stamp| stamp.id == first.id).then_some(first)
    }

    /// The first error of a load or a run.
    pub fn failure(&self) -> Option<&RecordedError> {
        let loads = self.loads.iter().filter_map(|load| load.failure.as_ref());
        loads.chain(self.runs.iter().filter_map(|run| run.failure.as_ref())).next()
    }

    /// The load of a run.
    pub fn load_of(&self, run: &RunRecord) -> Option<&LoadRecord> {
        self.loads.get(run.load)
    }

    /// The times of all successful runs.
    pub fn latencies(&self) -> Vec<Duration> {
        let answered = self.runs.iter().filter(|run| run.failure.is_none());
        answered.flat_map(|run| run.seconds.iter().map(|&s| duration(s))).collect()
    }

    /// The time of all successful loads, in seconds.
    pub fn load_seconds(&self) -> f64 {
        self.loads.iter().filter(|load| load.failure.is_none()).map(|load| load.seconds).sum()
    }

    /// The number of operators of all graphs that do not run on the device; `None` if unknown.
    pub fn elsewhere(&self) -> Option<u64> {
        let told = self.loads.iter().filter_map(|load| load.elsewhere);
        told.fold(None, |sum, count| Some(sum.unwrap_or(0).saturating_add(count)))
    }

    /// The device memory of all graphs in bytes.
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
    /// The requested device.
    pub target: String,
    /// The device of the graph; `None` if loading failed.
    pub device: Option<DeviceStamp>,
    /// The time in seconds.
    pub seconds: f64,
    /// The device memory of the graph in bytes.
    pub footprint: u64,
    /// The number of operators of the model that do not run on the device, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<u64>,
    /// Why loading failed.
    pub failure: Option<RecordedError>,
}

impl LoadRecord {
    /// The record of a load that took `seconds`.
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
            failure: outcome.as_ref().err().map(RecordedError::from),
        }
    }
}

/// A device and the library behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceStamp {
    /// Its id, such as `cpu:0`.
    pub id: String,
    /// Its class of hardware: `cpu`, `gpu` or `tpu`.
    pub kind: String,
    /// The product's name.
    pub name: String,
    /// The library behind it, with its version.
    pub driver: String,
    /// The precision of products of `f32`: a dtype, or `tf32`.
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
    /// The index of its load in [`Recording::loads`].
    pub load: usize,
    /// The inputs, in the model's order.
    pub inputs: Vec<Captured>,
    /// The outputs, in the model's order; empty if it failed.
    pub outputs: Vec<Captured>,
    /// Why it failed.
    pub failure: Option<RecordedError>,
    /// The time of each repetition in seconds.
    pub seconds: Vec<f64>,
    /// Whether repetitions gave different bytes.
    pub unsteady: bool,
}

impl RunRecord {
    /// A run of `load` without inputs and outputs.
    pub(crate) fn of_load(load: usize) -> Self {
        let (inputs, outputs, seconds) = (Vec::new(), Vec::new(), Vec::new());
        Self { load, inputs, outputs, failure: None, seconds, unsteady: false }
    }
}

/// A tensor with its name, on the host.
#[derive(Debug, Clone)]
pub struct Captured {
    /// Its name in the signature.
    pub name: String,
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    /// The tensor.
    pub tensor: Tensor,
}

/// An error in a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedError {
    /// Its kind, such as `device-lost`.
    pub kind: String,
    /// Its message.
    pub message: String,
}

impl From<&Error> for RecordedError {
    fn from(error: &Error) -> Self {
        let kind = serde_json::to_value(error.kind()).ok();
        let kind = kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or("other");
        Self { kind: kind.to_owned(), message: error.message().to_owned() }
    }
}

impl std::fmt::Display for RecordedError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.message, self.kind)
    }
}
