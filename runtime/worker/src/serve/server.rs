use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as Waiting, Waker};

use futures::FutureExt as _;
use futures::channel::oneshot;
use futures::executor::ThreadPool;
use futures::future::{Either, select};
use godwit_backend::{Backend, Buffer, CheckedContext, Error, Model, Quota, Result, Tensors};

use super::objects::{Context, Objects};
use super::tensors;
use crate::lock::lock;
use crate::peer::{Peer, no_memory};
use crate::wire::{Account, Answer, Ask, Reply, Request, WireError};

#[derive(Debug)]
pub(super) struct Server {
    peer: Arc<Peer>,
    backend: Arc<dyn Backend>,
    threads: ThreadPool,
    objects: Mutex<Objects>,
}

fn gone(what: &str) -> Error {
    Error::internal(format!("a {what} that the worker process does not have"))
}

impl Server {
    pub(super) fn new(peer: Arc<Peer>, backend: Arc<dyn Backend>, threads: ThreadPool) -> Self {
        Self { peer, backend, threads, objects: Mutex::default() }
    }

    /// Begins what is asked for. An error says that the other side does not keep the protocol.
    pub(super) fn take(self: &Arc<Self>, ask: Ask) -> io::Result<()> {
        let Ask { call, what } = ask;
        let server = self.clone();
        match what {
            Request::Devices => {
                self.start(call, async move { server.backend.devices().map(Reply::Devices) });
            }
            Request::Load { name, encoding, parts, target } => {
                let parts: io::Result<Vec<Buffer>> =
                    parts.iter().map(|span| self.peer.claim(span).map(tensors::lent)).collect();
                let parts = parts?;
                self.start(call, async move {
                    let model = Model::new(name, encoding, parts);
                    let graph = server.backend.load(&model, &target).await?;
                    let info = Box::new(graph.info().clone());
                    let id = {
                        let mut objects = lock(&server.objects);
                        let id = objects.number();
                        objects.graphs.insert(id, graph);
                        id
                    };
                    Ok(Reply::Graph { graph: id, info })
                });
            }
            Request::Open { graph, host, device } => {
                self.start(call, async move { server.open(graph, host, device).await });
            }
            Request::Run { context, inputs } => {
                let (context, inputs) = {
                    let objects = lock(&self.objects);
                    let inputs = tensors::inputs(&self.peer, &objects, inputs)?;
                    (objects.contexts.get(&context).cloned(), inputs)
                };
                let work = async move {
                    let context = context.ok_or_else(|| gone("context"))?;
                    server.run(&context, inputs?).await
                };
                // A run that is short is done before the next message is read, without another thread.
                self.begin(call, work, true);
            }
            Request::Read { buffer, host } => {
                self.start(call, async move { server.read(buffer, host).await });
            }
            Request::Cancel => drop(lock(&self.objects).calls.remove(&call)),
            Request::Drop(kept) => {
                let dropped = lock(&self.objects).take(kept);
                drop(dropped);
            }
        }
        Ok(())
    }

    async fn open(&self, graph: u64, host: Account, device: Account) -> Result<Reply> {
        let (graph, host, device) = {
            let mut objects = lock(&self.objects);
            let graph = objects.graphs.get(&graph).cloned();
            (graph, objects.account("tensors", host), objects.account("device memory", device))
        };
        let graph = graph.ok_or_else(|| gone("graph"))?;
        let quota = Quota { host: (*host).clone(), device: device.budget().clone() };
        // It checks inputs, which come from another process.
        let inner = futures::lock::Mutex::new(CheckedContext::open(&graph, &quota).await?);
        let context = Arc::new(Context { inner, _accounts: [host, device] });
        let mut objects = lock(&self.objects);
        let id = objects.number();
        objects.contexts.insert(id, context);
        Ok(Reply::Context(id))
    }

    async fn run(&self, context: &Context, inputs: Tensors) -> Result<Reply> {
        let outputs = context.inner.lock().await.run(inputs).await?;
        tensors::outputs(&self.peer, &self.objects, outputs).map(Reply::Outputs)
    }

    async fn read(&self, buffer: u64, host: Account) -> Result<Reply> {
        let (tensor, host) = {
            let mut objects = lock(&self.objects);
            (objects.buffers.get(&buffer).cloned(), objects.account("tensors", host))
        };
        let bytes = tensor.ok_or_else(|| gone("tensor"))?.to_host(&host).await?;
        let mut lease = self.peer.lease(bytes.len()).map_err(no_memory)?;
        let span = lease.put(&bytes).map_err(no_memory)?;
        lease.lend();
        Ok(Reply::Bytes(span))
    }

    fn start(
        self: &Arc<Self>,
        call: u64,
        work: impl Future<Output = Result<Reply>> + Send + 'static,
    ) {
        self.begin(call, work, false);
    }

    /// Does `work` until it is done or nobody waits for it any more, and answers.
    fn begin(
        self: &Arc<Self>,
        call: u64,
        work: impl Future<Output = Result<Reply>> + Send + 'static,
        at_once: bool,
    ) {
        let (stop, stopped) = oneshot::channel::<()>();
        lock(&self.objects).calls.insert(call, stop);
        let server = self.clone();
        let mut task = Box::pin(async move {
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
            server.answer(call, outcome);
        });
        if at_once && task.as_mut().poll(&mut Waiting::from_waker(Waker::noop())).is_ready() {
            return;
        }
        self.threads.spawn_ok(task);
    }

    fn answer(&self, call: u64, outcome: Result<Reply>) {
        lock(&self.objects).calls.remove(&call);
        let answer = Answer { call, outcome: outcome.map_err(WireError::from) };
        if let Err(error) = self.peer.send(&answer) {
            // What could not be sent for its length can be said shortly.
            let outcome = Err(WireError::from(no_memory(error)));
            let _ = self.peer.send(&Answer { call, outcome });
        }
    }
}
