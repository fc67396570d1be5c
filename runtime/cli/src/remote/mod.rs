//! Devices that are services elsewhere.

#[cfg(not(feature = "remote"))]
#[path = "left_out.rs"]
mod services;
#[cfg(feature = "remote")]
mod services;

use godwit_backend::DeviceId;
use serde::Serialize;

pub(crate) use self::services::{Endpoint, Services, Spent};

/// What the ids of services begin with that are named on the command line.
pub(crate) const FAMILY: &str = "remote";

/// Whether a service can be used now.
#[derive(Debug, Serialize)]
pub(crate) struct Readiness {
    pub(crate) device: DeviceId,
    pub(crate) state: State,
    /// Why it is absent.
    pub(crate) why: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    Ready,
    /// Its protocol has no question for it.
    NotTold,
    Absent,
}
