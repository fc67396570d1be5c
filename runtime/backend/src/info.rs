use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Device, DeviceId, Signature};

/// What a graph says of itself. It never changes while the graph lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphInfo {
    /// What goes in and what comes out.
    pub signature: Signature,
    /// The device the graph runs on.
    pub device: Device,
    /// The device memory it holds until it is dropped. Quotas charge the total.
    pub footprint: Footprint,
}

impl GraphInfo {
    /// A graph that holds `footprint` bytes of the memory of `device`.
    pub fn new(signature: Signature, device: Device, footprint: u64) -> Self {
        let footprint = Footprint::on(device.id.clone(), footprint);
        Self { signature, device, footprint }
    }
}

/// Bytes of device memory, by device: one entry for most graphs, one a member for a graph on a group of
/// devices, none for a graph that is served elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Footprint(BTreeMap<DeviceId, u64>);

impl Footprint {
    /// `bytes` on one device.
    pub fn on(device: DeviceId, bytes: u64) -> Self {
        Self(BTreeMap::from([(device, bytes)]))
    }

    /// The bytes on all devices together.
    pub fn total(&self) -> u64 {
        self.0.values().fold(0, |sum, bytes| sum.saturating_add(*bytes))
    }

    /// Each device with its bytes, in the order of their ids.
    pub fn by_device(&self) -> impl ExactSizeIterator<Item = (&DeviceId, u64)> {
        self.0.iter().map(|(device, bytes)| (device, *bytes))
    }
}

impl FromIterator<(DeviceId, u64)> for Footprint {
    fn from_iter<I: IntoIterator<Item = (DeviceId, u64)>>(devices: I) -> Self {
        Self(devices.into_iter().collect())
    }
}
