use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::thread;

use futures::FutureExt as _;
use futures::channel::oneshot;
use futures::executor::ThreadPool;
use futures::future::{Either, select};
use godwit_backend::{Backend, Buffer, CheckedContext, Error, Model, Quota, Result};

use super::objects::Objects;
use super::slot::{self, Areas, Context, lent};
use crate::lock::lock;
use crate::shared::{ControlPage, SharedMemory};
use crate::socket::WorkerSocket;
use crate::wire::{Account, Ask, Reply, Request, Said, WireError};

#[derive(Debug)]
pub(super) struct Server {
    pub(super) socket: WorkerSocket,
    backend: Arc<dyn Backend>,
    threads: ThreadPool,
    pub(super) objects: Mutex<Objects>,
}

fn gone(what: &str) -> Error {
    Error::internal(format!("a {what} that the worker process does not have"))
}

fn unmapped(error: io::Error) -> Error {
    Error::out_of_memory("a worker process has no memory left").with_source(error)
}

impl Server {
    pub(super) fn new(
        socket: WorkerSocket,
        backend: Arc<dyn Backend>,
        threads: ThreadPool,
    ) -> Self {
        Self { socket, backend, threads, objects: Mutex::default() }
    }

    /// Begins what is asked for.
    pub(super) fn take(self: &Arc<Self>, Ask { call, what }: Ask, files: Vec<OwnedFd>) {
        let server = self.clone();
        match what {
            Request::Devices => {
                self.begin(call, async move { server.backend.devices().map(Reply::Devices) });
            }
            Request::Load { name, encoding, parts, target } => self.begin(call, async move {
                let part = |(file, len)| {
                    let memory = SharedMemory::to_read(file).map_err(unmapped)?;
                    Ok(lent(Arc::new(memory), 0, len))
                };
                let parts: Result<Vec<Buffer>> = files.into_iter().zip(parts).map(part).collect();
                let model = Model::new(name, encoding, parts?);
                let graph = server.backend.load(&model, &target).await?;
                let info = Box::new(graph.info().clone());
                let mut objects = lock(&server.objects);
                let id = objects.number();
                objects.graphs.insert(id, graph);
                Ok(Reply::Graph { graph: id, info })
            }),
            Request::Open { graph, host, device } => {
                self.begin(call, async move { server.open(graph, host, device, files).await });
            }
            // At once: the order of the host's words is that of its memory.
            Request::Area { context, area } => {
                let context = lock(&self.objects).contexts.get(&context).cloned();
                let replaced = context.ok_or_else(|| gone("context")).and_then(|context| {
                    let file = files.into_iter().next().ok_or_else(|| gone("file"))?;
                    context.replace(area, SharedMemory::of_the_host(file).map_err(unmapped)?);
                    Ok(Reply::Done)
                });
                self.answer(call, replaced);
            }
            Request::Read { buffer, host } => {
                self.begin(call, async move { server.read(buffer, host, files).await });
            }
            Request::Cancel => drop(lock(&self.objects).calls.remove(&call)),
            Request::Drop(kept) => {
                let dropped = lock(&self.objects).take(kept);
                drop(dropped);
            }
        }
    }

    async fn open(
        self: &Arc<Self>,
        graph: u64,
        host: Account,
        device: Account,
        files: Vec<OwnedFd>,
    ) -> Result<Reply> {
        let (graph, host, device) = {
            let mut objects = lock(&self.objects);
            let graph = objects.graphs.get(&graph).cloned();
            (graph, objects.account("tensors", host), objects.account("device memory", device))
        };
        let graph = graph.ok_or_else(|| gone("graph"))?;
        let quota = Quota { host: (*host).clone(), device: device.budget().clone() };
        let mut files =
            files.into_iter().map(|file| SharedMemory::of_the_host(file).map_err(unmapped));
        let mut next = || files.next().unwrap_or_else(|| Err(gone("file")));
        let control = ControlPage::new(next()?).map_err(unmapped)?;
        let areas = Areas { inputs: Arc::new(next()?), outputs: Arc::new(next()?) };
        // It checks inputs, which come from another process.
        let inner = CheckedContext::open(&graph, &quota).await?;
        let context = Arc::new(Context::new(control, areas, [host, device]));
        let (server, served) = (self.clone(), context.clone());
        let serve = move || {
            if let Err(error) = slot::serve(&server, &served, inner) {
                tracing::error!(%error, "a context's slot is not understood");
            }
        };
        let thread = thread::Builder::new().name("godwit-context".into()).spawn(serve);
        thread.map_err(|error| {
            Error::unavailable("the system refused a worker thread").with_source(error)
        })?;
        let mut objects = lock(&self.objects);
        let id = objects.number();
        objects.contexts.insert(id, context);
        Ok(Reply::Context(id))
    }

    async fn read(&self, buffer: u64, host: Account, files: Vec<OwnedFd>) -> Result<Reply> {
        let (tensor, host) = {
            let mut objects = lock(&self.objects);
            (objects.buffers.get(&buffer).cloned(), objects.account("tensors", host))
        };
        let bytes = tensor.ok_or_else(|| gone("tensor"))?.to_host(&host).await?;
        let file = files.into_iter().next().ok_or_else(|| gone("file"))?;
        let memory = SharedMemory::of_the_host(file).map_err(unmapped)?;
        memory.write(0, &bytes).map_err(unmapped)?;
        Ok(Reply::Done)
    }

    /// Does `work` until it is done or nobody waits for it any more, and answers.
    fn begin(
        self: &Arc<Self>,
        call: u64,
        work: impl Future<Output = Result<Reply>> + Send + 'static,
    ) {
        let (stop, stopped) = oneshot::channel::<()>();
        lock(&self.objects).calls.insert(call, stop);
        let server = self.clone();
        self.threads.spawn_ok(async move {
            // A block of its own: the work is dropped at its end, before the answer says that it is over.
            let outcome = async move {
                let work = AssertUnwindSafe(work).catch_unwind();
                match select(pin!(work), stopped).await {
                    Either::Left((Ok(outcome), _)) => outcome,
                    Either::Left((Err(_), _)) => Err(Error::internal("a worker panicked")),
                    Either::Right(_) => Err(Error::cancelled("nobody waits for it any more")),
                }
            };
            let outcome = outcome.await;
            lock(&server.objects).calls.remove(&call);
            server.answer(call, outcome);
        });
    }

    fn answer(&self, call: u64, outcome: Result<Reply>) {
        let said = Said::Answer(call, outcome.map_err(WireError::from));
        if let Err(error) = self.socket.send(&said) {
            tracing::error!(%error, "an answer cannot be said");
        }
    }
}
