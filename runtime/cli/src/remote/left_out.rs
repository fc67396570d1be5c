//! A build without services: none can be configured.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{Backend, DeviceId, Error, Result};
use serde::Serialize;
use serde::de::Error as _;
use toml::Spanned;
use toml::de::DeValue;

use super::Readiness;

const WHY: &str = "this build of godwit leaves remote devices out (cargo feature 'remote')";

#[derive(Debug, Clone)]
pub(crate) enum Endpoint {}

#[derive(Debug)]
pub(crate) enum Services {}

#[derive(Debug, Serialize)]
pub(crate) enum Spent {}

impl Endpoint {
    pub(crate) fn read(_: Spanned<DeValue<'_>>) -> Result<Self, toml::de::Error> {
        Err(toml::de::Error::custom(WHY))
    }

    pub(crate) fn at(_: &str, _: &str) -> Result<Self> {
        Err(Error::unsupported(WHY))
    }

    pub(crate) fn with_id(self, _: String) -> Self {
        self
    }

    pub(crate) fn id(&self) -> &str {
        match *self {}
    }

    pub(crate) fn named_model(&self) -> Option<String> {
        match *self {}
    }

    pub(crate) fn relative_to(&mut self, _: &Path) {
        match *self {}
    }

    pub(crate) fn check(&self) -> Result<()> {
        match *self {}
    }
}

impl Services {
    pub(crate) fn open(_: Vec<Endpoint>) -> Result<Self> {
        Err(Error::unsupported(WHY))
    }

    pub(crate) fn backend(&self) -> Arc<dyn Backend> {
        match *self {}
    }

    pub(crate) async fn probe(&self) -> Vec<Readiness> {
        match *self {}
    }

    pub(crate) fn spent(&self, _: Duration, _: impl Fn(&DeviceId) -> u64) -> Vec<Spent> {
        match *self {}
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}
