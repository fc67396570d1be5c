use std::sync::Arc;

use async_trait::async_trait;
use godwit_backend::{
    Backend, Device, DeviceId, DeviceKind, Encoding, Error, Graph, Model, Result, Target, known,
};

use crate::select;

/// Many backends as one: its devices are all of theirs, and a model goes to the one backend that has the
/// device asked for.
#[derive(Debug)]
pub struct Router {
    backends: Vec<Arc<dyn Backend>>,
}

/// A family of which this host has no usable device.
#[derive(Debug)]
pub struct Absent {
    /// The family's name, for example `cuda`.
    pub family: String,
    /// Why: the message says what is missing, the source where it was looked for.
    pub error: Error,
}

impl Router {
    /// One backend a family, the preferred first.
    pub fn new(backends: Vec<Arc<dyn Backend>>) -> Self {
        Self { backends }
    }

    /// The families without a usable device, and why.
    pub fn absent(&self) -> Vec<Absent> {
        let absent = |backend: &Arc<dyn Backend>| {
            let error = backend.devices().err()?;
            Some(Absent { family: backend.name().to_owned(), error })
        };
        self.backends.iter().filter_map(absent).collect()
    }

    /// The first device of `kind` that reads `encoding`.
    ///
    /// # Errors
    ///
    /// `Unsupported`, saying which devices there are. No other kind stands in.
    pub fn select(&self, kind: &DeviceKind, encoding: Encoding) -> Result<Device> {
        select(&self.present(), *kind, encoding).cloned()
    }

    /// The devices of every family that is present.
    fn present(&self) -> Vec<Device> {
        self.backends.iter().filter_map(|backend| backend.devices().ok()).flatten().collect()
    }

    /// The backend that has the device `id`, and that device's own name.
    fn owner(&self, id: &DeviceId) -> Result<(&Arc<dyn Backend>, DeviceId)> {
        let found = self.backends.iter().find_map(|backend| {
            let devices = backend.devices().ok()?;
            let device = devices.into_iter().find(|device| device.answers_to(id))?;
            Some((backend, device.id))
        });
        found.ok_or_else(|| self.no_such_device(id))
    }

    fn no_such_device(&self, id: &DeviceId) -> Error {
        if let Some(absent) = self.absent().into_iter().find(|absent| id.is_of(&absent.family)) {
            let message = format!("there is no device '{id}': {}", absent.error);
            return Error::not_found(message).with_source(absent.error);
        }
        let present = self.present();
        let ids = present.iter().map(|device| device.id.as_str());
        let known = known("devices", id.as_str(), ids);
        Error::not_found(format!("there is no device '{id}': {known}"))
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for Router {
    fn name(&self) -> &str {
        "router"
    }

    /// The devices of every family that is present, in the order of the backends.
    ///
    /// # Errors
    ///
    /// `Unavailable` when every family is absent, with the reason of each.
    fn devices(&self) -> Result<Vec<Device>> {
        let devices = self.present();
        let absent = self.absent();
        if devices.is_empty() && !absent.is_empty() {
            let reasons =
                absent.iter().map(|absent| format!("{}: {}", absent.family, absent.error));
            let reasons: Vec<String> = reasons.collect();
            return Err(Error::unavailable(format!(
                "this host has no usable device ({})",
                reasons.join("; ")
            )));
        }
        Ok(devices)
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let (backend, device) = self.owner(&target.device)?;
        backend.load(model, &Target { device, options: target.options.clone() }).await
    }
}
