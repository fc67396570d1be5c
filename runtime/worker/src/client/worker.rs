use std::collections::BTreeSet;
use std::fmt;
use std::process::Command;
use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use godwit_backend::{
    Backend, Device, DeviceId, Digest, Error, Footprint, Graph, Model, Result, Target, async_trait,
    wait,
};

use super::call::Got;
use super::graph::WorkerGraph;
use super::link::Link;
use crate::lock::lock;
use crate::wire::{Request, WireError};

/// A process on its way. Whoever waits moves it on: a thread that waits for a task which that thread would have
/// to run waits forever.
type Starting = Shared<BoxFuture<'static, Result<Arc<Link>, WireError>>>;

/// A family of devices driven by a process of its own, which is started when something is first asked of it,
/// and again when it was lost.
pub struct Worker {
    name: String,
    command: Box<dyn Fn() -> Command + Send + Sync>,
    current: Mutex<Option<Starting>>,
    stands_for: Option<StandsFor>,
    /// Models that have ended a process.
    refused: Mutex<BTreeSet<Digest>>,
}

/// One device, which may have another name there.
#[derive(Debug)]
struct StandsFor {
    here: DeviceId,
    there: DeviceId,
}

impl Worker {
    /// Stands for the family `name`. `command` is the program that calls [`serve`](crate::serve()) for it.
    pub fn new(
        name: impl Into<String>,
        command: impl Fn() -> Command + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            command: Box::new(command),
            current: Mutex::default(),
            stands_for: None,
            refused: Mutex::default(),
        }
    }

    /// Loads every model on the device that the process knows as `there`, and calls it `here`: what a process is
    /// shown of a machine may be numbered otherwise.
    #[must_use]
    pub(crate) fn standing_for(self, here: DeviceId, there: DeviceId) -> Self {
        Self { stands_for: Some(StandsFor { here, there }), ..self }
    }

    /// Starts the process now, and not when something is first asked of it.
    ///
    /// # Errors
    ///
    /// What the process says when it cannot open its backend; `Unavailable` when there is no process.
    pub fn start(&self) -> Result<()> {
        wait(self.link()).map(|_| ())
    }

    /// The process, started if there is none.
    async fn link(&self) -> Result<Arc<Link>> {
        let starting = {
            let mut current = lock(&self.current);
            match current.as_ref().and_then(Shared::peek) {
                Some(Ok(link)) if link.is_over() => {
                    lock(&self.refused).extend(link.culprit());
                    *current = None;
                }
                Some(Err(_)) => *current = None,
                Some(Ok(_)) | None => {}
            }
            current.get_or_insert_with(|| self.begin()).clone()
        };
        starting.await.map_err(Error::from)
    }

    fn begin(&self) -> Starting {
        let (begun, name) = (Link::start((self.command)()), self.name.clone());
        let started = async move {
            let (link, ready) = begun.map_err(|error| {
                let message = format!("no process could be started for '{name}'");
                Error::unavailable(message).with_source(error)
            })?;
            match ready.await {
                Ok(Got::Ready) => Ok(link),
                Ok(other) => Err(other.confused()),
                Err(_) if link.is_over() => {
                    let message = format!("the process for '{name}' ended as it was started");
                    Err(Error::unavailable(message).with_source(link.lost().report()))
                }
                Err(error) => Err(error),
            }
        };
        async move { started.await.map_err(WireError::from) }.boxed().shared()
    }
}

/// The device, with a label that says where it is driven.
fn in_a_process(mut device: Device) -> Device {
    device.labels.insert("process".to_owned(), "its own".to_owned());
    device
}

#[async_trait]
impl Backend for Worker {
    fn name(&self) -> &str {
        &self.name
    }

    fn devices(&self) -> Result<Vec<Device>> {
        let asked = async {
            let link = self.link().await?;
            match link.ask(Request::Devices, None, None)?.await? {
                Got::Devices(devices) => Ok(devices.into_iter().map(in_a_process).collect()),
                other => Err(other.confused()),
            }
        };
        wait(asked)
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let link = self.link().await?;
        if lock(&self.refused).contains(&model.digest()) {
            return Err(Error::denied(
                "this model ended the process that drives the device, and is not loaded again",
            ));
        }
        let mut lease = link.lease(model.parts().iter().map(|part| part.len()))?;
        let mut parts = Vec::with_capacity(model.parts().len());
        for part in model.parts() {
            let span = lease.put(part);
            parts.push(span.map_err(|error| {
                Error::internal("a model does not fit where it should").with_source(error)
            })?);
        }
        let what = Request::Load {
            name: model.name().to_string(),
            encoding: model.encoding(),
            parts,
            target: match &self.stands_for {
                Some(StandsFor { there, .. }) => {
                    Target { device: there.clone(), options: target.options.clone() }
                }
                None => target.clone(),
            },
        };
        match link.ask(what, Some(lease), Some(model.digest()))?.await? {
            Got::Graph(handle, mut info) => {
                info.device = in_a_process(info.device);
                if let Some(StandsFor { here, .. }) = &self.stands_for {
                    info.device.id = here.clone();
                    info.footprint = Footprint::on(here.clone(), info.footprint.total());
                }
                Ok(Arc::new(WorkerGraph::new(handle, model.digest(), *info)))
            }
            other => Err(other.confused()),
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("name", &self.name).finish_non_exhaustive()
    }
}
