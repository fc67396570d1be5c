//! What there is where no worker process can be started.

use std::io;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{Backend, Device, DeviceId, Error, Graph, Model, Result, Target, async_trait};

use crate::{Confinement, Limits, Profile};

fn refused() -> Error {
    Error::unavailable("devices in a process of their own need Linux")
}

/// A backend whose process cannot be started here.
#[derive(Debug)]
pub struct Worker(String);

impl Worker {
    /// Stands for the family `name`.
    pub fn new(name: impl Into<String>, _: impl Fn() -> Command + Send + Sync + 'static) -> Self {
        Self(name.into())
    }

    /// The same.
    #[must_use]
    pub fn limits(self, _: Limits) -> Self {
        self
    }

    /// The same.
    #[must_use]
    pub fn inline_under(self, _: Duration) -> Self {
        self
    }

    /// The same.
    #[must_use]
    pub fn on_the_callers_processor(self, _: bool) -> Self {
        self
    }

    pub(crate) fn standing_for(self, _: DeviceId, _: DeviceId) -> Self {
        self
    }

    /// Nothing.
    ///
    /// # Errors
    ///
    /// `Unavailable`, always.
    pub fn start(&self) -> Result<Confinement> {
        Err(refused())
    }
}

#[async_trait]
impl Backend for Worker {
    fn name(&self) -> &str {
        &self.0
    }

    fn devices(&self) -> Result<Vec<Device>> {
        Err(refused())
    }

    async fn load(&self, _: &Model, _: &Target) -> Result<Arc<dyn Graph>> {
        Err(refused())
    }
}

/// Nothing.
///
/// # Errors
///
/// `Unavailable`, always.
pub fn serve(_: &Profile, _: impl FnOnce() -> Result<Arc<dyn Backend>>) -> Result<()> {
    Err(refused())
}

/// Nothing.
///
/// # Errors
///
/// `Unavailable`, always.
pub fn try_out(_: &Profile) -> Result<Confinement> {
    Err(refused())
}

/// Nothing.
///
/// # Errors
///
/// `Unsupported`, always.
pub fn again() -> io::Result<Command> {
    Err(io::ErrorKind::Unsupported.into())
}
