//! A build without services: none can be configured.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{Backend, DeviceId, Error, Result};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Readiness, ServiceUsage};

const WHY: &str = "this build of godwit does not include remote devices (cargo feature 'remote')";

/// A service: there can be none.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The device's id.
    pub id: String,
    never: Infallible,
}

/// Services that are devices: there can be none.
#[derive(Debug)]
pub enum Services {}

/// What services have cost.
#[derive(Debug, Serialize)]
pub struct Cost {
    /// All of it.
    pub total: f64,
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(WHY))
    }
}

impl Endpoint {
    /// Fails.
    pub fn at(_: &str, _: &str) -> Result<Self> {
        Err(Error::unsupported(WHY))
    }

    /// Is never called.
    pub fn named_model(&self) -> Option<String> {
        match self.never {}
    }

    pub(crate) fn relative_to(&mut self, _: &Path) {
        match self.never {}
    }

    /// Is never called.
    pub fn check(&self) -> Result<()> {
        match self.never {}
    }
}

impl Services {
    pub(crate) fn open(_: Vec<Endpoint>) -> Result<Self> {
        Err(Error::unsupported(WHY))
    }

    pub(crate) fn backend(&self) -> Arc<dyn Backend> {
        match *self {}
    }

    /// Is never called.
    pub async fn probe(&self) -> Vec<Readiness> {
        match *self {}
    }

    /// Is never called.
    pub fn usage(&self, _: Duration, _: impl Fn(&DeviceId) -> u64) -> Vec<ServiceUsage> {
        match *self {}
    }
}
