use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{DType, Encoding, Error, known};

/// Names one device: `family:index`, for example `cpu:0` or `cuda:1`. A group of devices that hold a graph
/// together is a device too: `cuda:0+1`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceId(Arc<str>);

impl DeviceId {
    /// An id from its text.
    pub fn new(id: impl AsRef<str>) -> Self {
        Self(Arc::from(id.as_ref()))
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the colon: the family that drives the device.
    pub fn family(&self) -> &str {
        self.0.split_once(':').map_or(&*self.0, |(family, _)| family)
    }

    /// The devices that a group consists of: `cuda:0` and `cuda:1` of `cuda:0+1`. Any other id is its own only
    /// member.
    pub fn members(&self) -> impl Iterator<Item = Self> + '_ {
        let (family, indices) = self.0.split_once(':').unwrap_or((&self.0, ""));
        let is_group = indices.contains('+');
        let members = indices.split('+').filter(move |_| is_group);
        let members = members.map(move |index| Self::new(format!("{family}:{index}")));
        members.chain((!is_group).then(|| self.clone()))
    }

    /// Whether a backend called `backend` drives the device: its families are its own name, or begin with
    /// it and a dash. `openvino-gpu:0` is of the backend `openvino`.
    pub fn is_of(&self, backend: &str) -> bool {
        match self.family().strip_prefix(backend) {
            Some(rest) => rest.is_empty() || rest.starts_with('-'),
            None => false,
        }
    }

    /// Says that it is none of `devices`, and which of them it may have been meant to be.
    pub fn not_among<'a>(&self, devices: impl IntoIterator<Item = &'a Self>) -> Error {
        let devices: Vec<&str> = devices.into_iter().map(Self::as_str).collect();
        let known = known("devices", self.as_str(), devices);
        Error::not_found(format!("there is no device '{self}' here: {known}"))
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for DeviceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DeviceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// The class of hardware, as a guest's `execution-target` asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// A general-purpose processor.
    Cpu,
    /// A graphics processor.
    Gpu,
    /// Any other accelerator: TPU, NPU, DSP, FPGA.
    Tpu,
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
            Self::Tpu => "tpu",
        })
    }
}

/// Memory of a device, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceMemory {
    /// All there is.
    pub total: u64,
    /// What was free when the device was probed.
    pub free: u64,
}

/// When a device notices that a run was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cancellation {
    /// Not before the run ends.
    Never,
    /// Between two operators of the graph; a single long operator runs to its end.
    BetweenOperators,
    /// At any time.
    AnyTime,
}

/// What a device can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// The model encodings it reads.
    pub encodings: Vec<Encoding>,
    /// The dtypes its graphs take and give.
    pub dtypes: Vec<DType>,
    /// What it multiplies `f32` models in, unless a target's options ask otherwise.
    pub precision: DType,
    /// When it notices that a run was dropped.
    pub cancellation: Cancellation,
}

/// One usable device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its name in configuration, reports and metrics.
    pub id: DeviceId,
    /// The class of hardware.
    pub kind: DeviceKind,
    /// The product's name, for people.
    pub name: String,
    /// The library that drives it, with its version.
    pub driver: String,
    /// Its memory, where that is known.
    pub memory: Option<DeviceMemory>,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Anything else worth knowing, by name.
    pub labels: BTreeMap<String, String>,
}

impl Device {
    /// The label of a graph's device that says what `f32` is multiplied in, where that is no dtype: `tf32`.
    pub const MULTIPLIES_IN: &str = "multiplies-in";

    /// The label of a graph's device that says how many of the model's operators run elsewhere than on it.
    pub const OPERATORS_ELSEWHERE: &str = "operators-elsewhere";

    /// The label that holds what the maker calls this piece of hardware, wherever it is plugged in.
    pub const UUID: &str = "uuid";

    /// The label of a device that this process cannot drive beside another, but a separate process can: the
    /// environment variable that such a process is started with, as `NAME=VALUE`.
    pub const SEPARATE_PROCESS: &str = "separate-process";

    /// The devices that this one consists of: itself, unless it is a group.
    pub fn members(&self) -> impl Iterator<Item = DeviceId> + '_ {
        self.id.members()
    }

    /// Whether `id` names this device: by its own id, or by its family and its UUID, as
    /// `cuda:GPU-1b9f...` does for as long as the GPU lives.
    pub fn answers_to(&self, id: &DeviceId) -> bool {
        let by_uuid = || {
            let (family, uuid) = id.as_str().split_once(':')?;
            let own = self.labels.get(Self::UUID)?;
            Some(family == self.id.family() && uuid.eq_ignore_ascii_case(own))
        };
        self.id == *id || by_uuid().unwrap_or_default()
    }
}

/// What a caller asks for: one device, and options for compiling there.
///
/// Options are the backend's own; it rejects any it does not know.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The device. Nothing stands in for it.
    pub device: DeviceId,
    /// Options by name, for example `threads = 4`.
    pub options: BTreeMap<String, String>,
}

impl Target {
    /// A device with its default options.
    pub fn new(device: impl AsRef<str>) -> Self {
        Self { device: DeviceId::new(device), options: BTreeMap::new() }
    }

    /// Sets one option.
    #[must_use]
    pub fn with_option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.insert(name.into(), value.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_of_the_backend_whose_name_begins_its_family() {
        for (id, backend, is_of) in [
            ("cpu:0", "cpu", true),
            ("openvino-gpu:1", "openvino", true),
            ("openvino", "openvino", true),
            ("openvinox:0", "openvino", false),
            ("cpu:0", "ort", false),
            ("ort-cpu:0", "cpu", false),
            ("ort-cpu:0", "ort-cpu", true),
        ] {
            assert_eq!(DeviceId::new(id).is_of(backend), is_of, "{id} of {backend}");
        }
    }

    #[test]
    fn a_group_has_members_and_any_other_device_is_its_own() {
        for (id, members) in [
            ("cuda:0+1", &["cuda:0", "cuda:1"][..]),
            ("cuda:3+1+2", &["cuda:3", "cuda:1", "cuda:2"]),
            ("cuda:0", &["cuda:0"]),
            ("cuda:GPU-1b9f", &["cuda:GPU-1b9f"]),
            ("cpu", &["cpu"]),
        ] {
            let found: Vec<_> = DeviceId::new(id).members().map(|id| id.to_string()).collect();
            assert_eq!(found, members);
        }
    }
}
