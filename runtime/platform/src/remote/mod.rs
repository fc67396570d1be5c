//! Devices that are services elsewhere.

use std::collections::BTreeMap;

use godwit_backend::DeviceId;
use serde::Serialize;

#[cfg(not(feature = "remote"))]
#[path = "left_out.rs"]
mod services;
#[cfg(feature = "remote")]
mod services;

pub use self::services::{Cost, Endpoint, Services};

/// What the ids of services begin with that are configured nowhere and named by their address.
pub const REMOTE: &str = "remote";

/// Whether a service can be used now.
#[derive(Debug, Serialize)]
pub struct Readiness {
    /// The service.
    pub device: DeviceId,
    /// Whether it can.
    pub state: ServiceState,
    /// Why it is absent.
    pub why: Option<String>,
}

/// What a service says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceState {
    /// It takes requests.
    Ready,
    /// Its protocol has no question for it.
    NotTold,
    /// It does not.
    Absent,
}

/// What went to a service and came from it, and what that has cost.
#[derive(Debug, Serialize)]
pub struct ServiceUsage {
    /// The service.
    pub device: DeviceId,
    /// Requests, retries included.
    pub requests: u64,
    /// Those that were sent again.
    pub retries: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
    /// What is configured to be shown with it.
    pub labels: BTreeMap<String, String>,
    /// In the currency of the prices; none without a price.
    pub cost: Option<Cost>,
}
