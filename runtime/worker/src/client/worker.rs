use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use godwit_backend::{
    Backend, Buffer, Device, DeviceId, Error, ErrorKind, Footprint, Graph, InlinePolicy, Model,
    Result, Target, async_trait, wait,
};

use super::blame::Blame;
use super::call::Got;
use super::graph::{LoadedGraph, WorkerGraph};
use super::link::{Link, Work};
use super::no_memory;
use crate::lock::lock;
use crate::shared::SharedMemory;
use crate::socket::FILES;
use crate::wire::{Request, WireError};
use crate::{Confinement, Limits};

/// A process on its way. Whoever waits moves it on: a thread that waits for a task which that thread would have
/// to run waits forever.
type Starting = Shared<BoxFuture<'static, Result<(Arc<Link>, Confinement), WireError>>>;

/// A family of devices driven by a process of its own, which is started when something is first asked of it,
/// and again when it was lost.
pub struct Worker {
    name: String,
    command: Box<dyn Fn() -> Command + Send + Sync>,
    limits: Limits,
    inline_under: Duration,
    together: bool,
    current: Mutex<Option<Starting>>,
    stands_for: Option<StandsFor>,
    blame: Arc<Blame>,
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
            limits: Limits::default(),
            inline_under: Duration::from_micros(200),
            together: false,
            current: Mutex::default(),
            stands_for: None,
            blame: Arc::default(),
        }
    }

    /// Kills a process that takes longer than this. A call that is dropped has its grace to end.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Waits on the caller's thread for runs that are expected to take less than this.
    #[must_use]
    pub fn inline_under(self, inline_under: Duration) -> Self {
        Self { inline_under, ..self }
    }

    /// Runs what takes less than a millisecond on the caller's processor, so that none has to be woken. For a library
    /// that computes such runs on the thread that asks for them: one that wakes threads of its own takes longer so.
    #[must_use]
    pub fn on_the_callers_processor(self, together: bool) -> Self {
        Self { together, ..self }
    }

    /// Loads every model on the device that the process knows as `there`, and calls it `here`: what a process is
    /// shown of a machine may be numbered otherwise.
    #[must_use]
    pub(crate) fn standing_for(self, here: DeviceId, there: DeviceId) -> Self {
        Self { stands_for: Some(StandsFor { here, there }), ..self }
    }

    /// Starts the process now, and not when something is first asked of it. Gives what holds it.
    ///
    /// # Errors
    ///
    /// What the process says when it cannot open its backend; `Unavailable` when there is no process.
    pub fn start(&self) -> Result<Confinement> {
        wait(self.started()).map(|(_, confinement)| confinement)
    }

    async fn link(&self) -> Result<Arc<Link>> {
        self.started().await.map(|(link, _)| link)
    }

    /// The process, started if there is none.
    async fn started(&self) -> Result<(Arc<Link>, Confinement)> {
        let starting = {
            let mut current = lock(&self.current);
            match current.as_ref().and_then(Shared::peek) {
                Some(Ok((link, _))) if link.is_over() => {
                    if let Some(end) = link.ended() {
                        self.blame.record(&end);
                    }
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
        let name = self.name.clone();
        let begun = Link::start((self.command)(), self.blame.pause(), &self.limits);
        let started = async move {
            let (link, ready) = begun.map_err(|error| {
                let message = format!("no process could be started for '{name}'");
                Error::unavailable(message).with_source(error)
            })?;
            let ready = ready.answer(|got| match got {
                Got::Ready(confinement) => Some(confinement),
                _ => None,
            });
            match ready.await {
                Ok(confinement) => Ok((link, confinement)),
                Err(error) if error.kind() == ErrorKind::DeviceLost => {
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
            let call = link.ask(Request::Devices, Vec::new(), None, self.limits.devices)?;
            let devices = call.answer(|got| match got {
                Got::Devices(devices) => Some(devices),
                _ => None,
            });
            Ok(devices.await?.into_iter().map(in_a_process).collect())
        };
        wait(asked)
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let link = self.link().await?;
        let work = Work { model: model.digest(), tenant: None };
        self.blame.check(work)?;
        if model.parts().len() > FILES {
            return Err(Error::too_large(format!("a model of more than {FILES} files")));
        }
        let (mut parts, mut files) = (Vec::new(), Vec::new());
        for part in model.parts() {
            parts.push(part.len());
            files.push(file_of(part).map_err(no_memory)?);
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
        let call = link.ask(what, files, Some(work), self.limits.load)?;
        let loaded = call.answer(|got| match got {
            Got::Graph(handle, info) => Some((handle, info)),
            _ => None,
        });
        let (handle, mut info) = loaded.await?;
        info.device = in_a_process(info.device);
        if let Some(StandsFor { here, .. }) = &self.stands_for {
            info.device.id = here.clone();
            info.footprint = Footprint::on(here.clone(), info.footprint.total());
        }
        Ok(Arc::new(WorkerGraph(Arc::new(LoadedGraph {
            handle,
            work,
            info: *info,
            inline: InlinePolicy::new(self.inline_under, true),
            together: self.together,
            blame: self.blame.clone(),
            limits: self.limits,
        }))))
    }
}

/// The file of a model's part: its own, if it is mapped from one, or one in memory.
fn file_of(part: &Buffer) -> io::Result<OwnedFd> {
    if let Some(file) = part.file() {
        return Ok(file.try_clone()?.into());
    }
    let (memory, file) = SharedMemory::create(part.len())?;
    memory.write(0, part)?;
    Ok(file)
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("name", &self.name).finish_non_exhaustive()
    }
}
