use std::collections::BTreeMap;
use std::fmt;
use std::process::Command;
use std::sync::{Arc, Mutex};

use godwit_backend::{Backend, Device, DeviceId, Graph, Model, Result, Target, async_trait};

use crate::Worker;
use crate::lock::lock;

/// A backend that drives some of its devices in this process, with a [`Worker`] for each that needs a process
/// of its own ([`Device::SEPARATE_PROCESS`]).
pub struct WorkerPerDevice {
    here: Arc<dyn Backend>,
    command: Arc<dyn Fn() -> Command + Send + Sync>,
    /// The devices as they were told last: those of other processes do not go with the one of this.
    known: Mutex<Vec<Device>>,
    apart: Mutex<BTreeMap<DeviceId, Arc<Worker>>>,
}

impl WorkerPerDevice {
    /// Spreads `here` over processes. `command` is the program that calls [`serve`](crate::serve()) for the same
    /// family, to be started with the variable that a device names.
    pub fn new(
        here: Arc<dyn Backend>,
        command: impl Fn() -> Command + Send + Sync + 'static,
    ) -> Self {
        Self { here, command: Arc::new(command), known: Mutex::default(), apart: Mutex::default() }
    }

    /// The process that drives `id`, if that is not this one.
    fn separate(&self, id: &DeviceId) -> Result<Option<Arc<Worker>>> {
        let device = self.devices()?.into_iter().find(|device| device.answers_to(id));
        let Some((device, variable)) = device.and_then(|device| {
            let (name, value) = device.labels.get(Device::SEPARATE_PROCESS)?.split_once('=')?;
            let variable = (name.to_owned(), value.to_owned());
            Some((device, variable))
        }) else {
            return Ok(None);
        };
        let here = device.id.clone();
        let there = match device.labels.get(Device::UUID) {
            Some(uuid) => DeviceId::new(format!("{}:{uuid}", here.family())),
            None => here.clone(),
        };
        let mut apart = lock(&self.apart);
        let worker = apart.entry(here.clone()).or_insert_with(|| {
            let command = self.command.clone();
            let start = move || {
                let mut command = command();
                command.env(&variable.0, &variable.1);
                command
            };
            Arc::new(Worker::new(self.here.name(), start).standing_for(here, there))
        });
        Ok(Some(worker.clone()))
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for WorkerPerDevice {
    fn name(&self) -> &str {
        self.here.name()
    }

    fn devices(&self) -> Result<Vec<Device>> {
        let told = self.here.devices();
        let mut known = lock(&self.known);
        match told {
            Ok(devices) => {
                known.clone_from(&devices);
                Ok(devices)
            }
            // The device of this process is lost, and says so to whoever asks for it.
            Err(_)
                if known
                    .iter()
                    .any(|device| device.labels.contains_key(Device::SEPARATE_PROCESS)) =>
            {
                Ok(known.clone())
            }
            Err(error) => Err(error),
        }
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        match self.separate(&target.device)? {
            Some(worker) => worker.load(model, target).await,
            None => self.here.load(model, target).await,
        }
    }
}

impl fmt::Debug for WorkerPerDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerPerDevice").field("here", &self.here).finish_non_exhaustive()
    }
}
