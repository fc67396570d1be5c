use std::sync::Arc;

use async_trait::async_trait;
use futures_timer::Delay;
use godwit_backend::{Backend, Device, Error, Graph, Model, Result, Target, known};

use crate::device::{DeviceControl, DeviceState};
use crate::graph::FakeGraph;
use crate::log::{Entry, Log};
use crate::{Act, Builder, Call, Script};

/// A backend that does what it is told. Clones are the same backend, so a test keeps one to look at.
#[derive(Debug, Clone)]
pub struct FakeBackend(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    family: String,
    devices: Vec<Arc<DeviceState>>,
    absent: Option<String>,
    log: Arc<Log>,
}

impl Default for FakeBackend {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl FakeBackend {
    /// Plans a backend.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(
        family: String,
        devices: Vec<Arc<DeviceState>>,
        absent: Option<String>,
        log: Arc<Log>,
    ) -> Self {
        Self(Arc::new(Parts { family, devices, absent, log }))
    }

    /// The calls that have ended, oldest first. A call is logged when it ends or is dropped.
    pub fn log(&self) -> Vec<Call> {
        self.0.log.calls()
    }

    /// Forgets the calls so far.
    pub fn clear_log(&self) {
        self.0.log.clear();
    }

    /// The device called `id`.
    ///
    /// # Errors
    ///
    /// `NotFound`, naming those there are.
    pub fn device(&self, id: &str) -> Result<DeviceControl> {
        self.find(id).cloned().map(DeviceControl)
    }

    fn find(&self, id: &str) -> Result<&Arc<DeviceState>> {
        let devices = &self.0.devices;
        devices.iter().find(|device| device.id.as_str() == id).ok_or_else(|| {
            let known = known("devices", id, devices.iter().map(|device| device.id.as_str()));
            Error::not_found(format!("there is no device '{id}': {known}"))
        })
    }

    fn check_present(&self) -> Result<()> {
        let Some(reason) = &self.0.absent else { return Ok(()) };
        let message = format!("the family '{}' is absent here", self.0.family);
        Err(Error::unavailable(message).with_source(reason.clone()))
    }
}

#[async_trait]
impl Backend for FakeBackend {
    fn name(&self) -> &str {
        &self.0.family
    }

    fn devices(&self) -> Result<Vec<Device>> {
        self.check_present()?;
        // A lost device is listed: that it is lost shows when it is used.
        Ok(self.0.devices.iter().map(|device| device.describe()).collect())
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        self.check_present()?;
        let device = self.find(target.device.as_str())?;
        let (id, bytes) = (&device.id, model.byte_len());
        let entry = Entry::begin(&device.log, Act::Load, id, model.name(), bytes);
        let graph = load(device, model, target).await;
        entry.end(&graph, graph.as_ref().map_or(0, |graph| graph.info().footprint.total()));
        Ok(Arc::new(graph?))
    }
}

async fn load(device: &Arc<DeviceState>, model: &Model, target: &Target) -> Result<FakeGraph> {
    device.check_lost()?;
    let nth = device.count(Act::Load);
    if let Some(option) = target.options.keys().next() {
        return Err(Error::unsupported(format!(
            "{} has no option '{option}': it has none at all",
            device.id
        )));
    }
    if !device.plan.encodings.contains(&model.encoding()) {
        return Err(Error::unsupported(format!(
            "{} does not read {} models",
            device.id,
            model.encoding()
        )));
    }
    if !device.plan.load_latency.is_zero() {
        Delay::new(device.plan.load_latency).await;
    }
    device.fault(Act::Load, nth)?;
    device.check_lost()?;
    let [part] = model.parts() else {
        return Err(Error::invalid_encoding("a script is one file"));
    };
    FakeGraph::new(device.clone(), model, Script::parse(part)?)
}
