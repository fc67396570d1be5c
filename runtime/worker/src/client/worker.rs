use std::collections::BTreeSet;
use std::fmt;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use godwit_backend::{
    Backend, Device, DeviceId, Digest, Error, Graph, Model, Result, Target, async_trait, wait,
};

use super::call::Got;
use super::graph::WorkerGraph;
use super::link::Link;
use crate::wire::Request;

/// A family of devices driven by a process of its own, which is started when something is first asked of it,
/// and again when it was lost.
pub struct Worker {
    name: String,
    command: Box<dyn Fn() -> Command + Send + Sync>,
    link: futures::lock::Mutex<Option<Arc<Link>>>,
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
    /// Stands for the family `name`. `command` is the program that calls [`serve`](crate::serve) for it.
    pub fn new(
        name: impl Into<String>,
        command: impl Fn() -> Command + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            command: Box::new(command),
            link: futures::lock::Mutex::new(None),
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
        let mut current = self.link.lock().await;
        if let Some(link) = &*current {
            if !link.is_over() {
                return Ok(link.clone());
            }
            self.refused().extend(link.culprit());
        }
        *current = None;
        let refused = |error: std::io::Error| {
            let message = format!("no process could be started for '{}'", self.name);
            Error::unavailable(message).with_source(error)
        };
        let (link, ready) = Link::start((self.command)()).map_err(refused)?;
        match ready.await {
            Ok(Got::Ready) => {}
            Ok(other) => return Err(other.confused()),
            Err(_) if link.is_over() => {
                let message = format!("the process for '{}' ended as it was started", self.name);
                return Err(Error::unavailable(message).with_source(link.lost().report()));
            }
            Err(error) => return Err(error),
        }
        Ok(current.insert(link).clone())
    }

    fn refused(&self) -> std::sync::MutexGuard<'_, BTreeSet<Digest>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
                Got::Devices(devices) => Ok(devices),
                other => Err(other.confused()),
            }
        };
        wait(asked)
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let link = self.link().await?;
        if self.refused().contains(&model.digest()) {
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
            Got::Graph { handle, signature, mut device, footprint } => {
                let model = model.digest();
                if let Some(StandsFor { here, .. }) = &self.stands_for {
                    device.id = here.clone();
                }
                Ok(Arc::new(WorkerGraph::new(handle, model, signature, device, footprint)))
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
