use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use godwit_backend::{Backend, Device, DeviceId, Error, Graph, Model, Result, Target, known};

/// Many backends as one: its devices are all of theirs, and a model goes to the one backend that has the
/// device asked for.
#[derive(Debug)]
pub struct Router {
    backends: Vec<Arc<dyn Backend>>,
    /// Which backend has a device, of those that were asked: it does not change.
    owners: Mutex<HashMap<DeviceId, usize>>,
}

/// What the backends that were asked have said.
#[derive(Debug, Default)]
struct Asked {
    devices: Vec<Device>,
    /// The families of which this host has no usable device, and why.
    absent: Vec<(String, Error)>,
}

impl Router {
    /// One backend a family, the preferred first.
    pub fn new(backends: Vec<Arc<dyn Backend>>) -> Self {
        Self { backends, owners: Mutex::default() }
    }

    /// Adds the devices of one backend to `asked`, and gives them.
    fn ask<'a>(&self, at: usize, asked: &'a mut Asked) -> &'a [Device] {
        let Some(backend) = self.backends.get(at) else { return &[] };
        let first = asked.devices.len();
        match backend.devices() {
            Ok(devices) => {
                let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
                for device in &devices {
                    owners.entry(device.id.clone()).or_insert(at);
                }
                asked.devices.extend(devices);
            }
            Err(error) => asked.absent.push((backend.name().to_owned(), error)),
        }
        asked.devices.get(first..).unwrap_or_default()
    }

    /// The backend that has the device `id`, and that device's own name.
    fn owner(&self, id: &DeviceId) -> Result<(&Arc<dyn Backend>, DeviceId)> {
        let owner = self.owners.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied();
        if let Some(backend) = owner.and_then(|at| self.backends.get(at)) {
            return Ok((backend, id.clone()));
        }
        let mut asked = Asked::default();
        for (at, backend) in self.backends.iter().enumerate() {
            let devices = self.ask(at, &mut asked);
            if let Some(device) = devices.iter().find(|device| device.answers_to(id)) {
                return Ok((backend, device.id.clone()));
            }
        }
        let Asked { devices, absent } = asked;
        if let Some((_, error)) = absent.into_iter().find(|(family, _)| id.is_of(family)) {
            let message = format!("there is no device '{id}': {error}");
            return Err(Error::not_found(message).with_source(error));
        }
        let known = known("devices", id.as_str(), devices.iter().map(|it| it.id.as_str()));
        Err(Error::not_found(format!("there is no device '{id}': {known}")))
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
        let mut asked = Asked::default();
        for at in 0..self.backends.len() {
            self.ask(at, &mut asked);
        }
        let Asked { devices, absent } = asked;
        if devices.is_empty() && !absent.is_empty() {
            let reasons = absent.iter().map(|(family, error)| format!("{family}: {error}"));
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
