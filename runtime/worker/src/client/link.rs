use std::collections::HashMap;
use std::io;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread;

use futures::channel::oneshot;
use godwit_backend::{Digest, Error, Result, Shape};

use super::call::{Call, Got, Handle, Output, OutputLocation};
use super::process;
use crate::lock::lock;
use crate::peer::{Lease, Peer, no_memory};
use crate::wire::{Answer, Ask, Item, Kept, Reply, Request, TensorLocation};

/// The connection to one process, from its start to its end. The process ends when this is dropped.
#[derive(Debug)]
pub(super) struct Link {
    peer: Arc<Peer>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    calls: HashMap<u64, Waiting>,
    ended: Option<End>,
}

/// How a process ended.
#[derive(Debug, Clone)]
struct End {
    how: String,
    /// The model that was alone at work then.
    culprit: Option<Digest>,
}

#[derive(Debug)]
struct Waiting {
    answer: oneshot::Sender<Result<Got>>,
    /// What is loaded or run, if the call does that.
    model: Option<Digest>,
}

impl Link {
    /// Starts a process; the call tells whether it could open its backend.
    pub(super) fn start(command: Command) -> io::Result<(Arc<Self>, Call)> {
        let (child, socket) = process::start(command)?;
        let peer = Arc::new(Peer::new(socket)?);
        let link = Arc::new(Self { peer: peer.clone(), state: Mutex::default() });
        let ready = link.expect(0, None)?;
        let reader = Arc::downgrade(&link);
        let read = move || read(&peer, child, &reader);
        thread::Builder::new().name("godwit-worker-in".into()).spawn(read)?;
        Ok((link, ready))
    }

    /// Asks for something, on behalf of a model if it is loaded or run. `lease` holds what the words name.
    pub(super) fn ask(
        self: &Arc<Self>,
        what: Request,
        lease: Option<Lease>,
        model: Option<Digest>,
    ) -> Result<Call> {
        let number = {
            let mut state = self.lock();
            state.last += 1;
            state.last
        };
        let call = self.expect(number, model).map_err(|_| self.lost())?;
        lease.into_iter().for_each(Lease::lend);
        self.peer.send(&Ask { call: number, what }).map_err(|error| {
            self.lock().calls.remove(&number);
            no_memory(error)
        })?;
        Ok(call)
    }

    /// Says something that has no answer.
    pub(super) fn tell(&self, ask: &Ask) {
        if let Err(error) = self.peer.send(ask) {
            tracing::error!(%error, "a worker process could not be told something");
        }
    }

    /// Room for bytes that the next question names.
    pub(super) fn lease(&self, lens: impl IntoIterator<Item = usize>) -> Result<Lease> {
        let room = Lease::room(lens).ok_or_else(|| Error::too_large("too many bytes at once"))?;
        self.peer.lease(room).map_err(no_memory)
    }

    /// Why nothing is answered any more.
    pub(super) fn lost(&self) -> Error {
        let error = Error::device_lost("the process that drives the device has ended");
        match self.lock().ended.clone() {
            Some(End { how, .. }) => error.with_source(how),
            None => error,
        }
    }

    /// Whether the process has ended.
    pub(super) fn is_over(&self) -> bool {
        self.lock().ended.is_some()
    }

    /// The model that was alone at work when the process ended.
    pub(super) fn culprit(&self) -> Option<Digest> {
        self.lock().ended.as_ref().and_then(|end| end.culprit)
    }

    fn expect(self: &Arc<Self>, number: u64, model: Option<Digest>) -> io::Result<Call> {
        let (answer, receiver) = oneshot::channel();
        let mut state = self.lock();
        if state.ended.is_some() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        state.calls.insert(number, Waiting { answer, model });
        drop(state);
        Ok(Call { link: self.clone(), number, answer: receiver, is_over: false })
    }

    fn deliver(self: &Arc<Self>, Answer { call, outcome }: Answer) -> io::Result<()> {
        let got = match outcome {
            Ok(reply) => Ok(self.take(reply)?),
            Err(failure) => Err(Error::from(failure)),
        };
        let waiting = self.lock().calls.remove(&call);
        if let Some(waiting) = waiting {
            // Of one whom nobody waits for, the handles are dropped here.
            let _ = waiting.answer.send(got);
        }
        Ok(())
    }

    fn take(self: &Arc<Self>, reply: Reply) -> io::Result<Got> {
        let handle = |kept| Handle::new(self.clone(), kept);
        Ok(match reply {
            Reply::Ready => Got::Ready,
            Reply::Devices(devices) => Got::Devices(devices),
            Reply::Graph { graph, info } => Got::Graph(handle(Kept::Graph(graph)), info),
            Reply::Context(id) => Got::Context(handle(Kept::Context(id))),
            Reply::Outputs(items) => {
                let land = |Item { dtype, shape, location }| {
                    let location = match location {
                        TensorLocation::Shared(span) => {
                            OutputLocation::Shared(self.peer.claim(&span)?)
                        }
                        TensorLocation::Resident(id) => {
                            OutputLocation::Resident(handle(Kept::Buffer(id)))
                        }
                    };
                    io::Result::Ok(Output { dtype, shape: Shape::new(shape), location })
                };
                Got::Outputs(items.into_iter().map(land).collect::<io::Result<_>>()?)
            }
            Reply::Bytes(span) => Got::Bytes(self.peer.claim(&span)?),
        })
    }

    /// Remembers how the process ended, and tells whoever waits.
    fn end(&self, how: String) {
        let mut state = self.lock();
        let calls = std::mem::take(&mut state.calls);
        let mut at_work: Vec<Digest> = calls.values().filter_map(|call| call.model).collect();
        at_work.sort_unstable();
        at_work.dedup();
        let culprit = match at_work.as_slice() {
            [alone] => Some(*alone),
            _ => None,
        };
        tracing::warn!(%how, ?culprit, "a worker process has ended");
        state.ended = Some(End { how, culprit });
        drop(state);
        for waiting in calls.into_values() {
            let _ = waiting.answer.send(Err(self.lost()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.peer.hang_up();
    }
}

/// Reads answers until the process is gone, and then waits for its end.
fn read(peer: &Peer, child: Child, link: &Weak<Link>) {
    loop {
        let answer = match peer.receive::<Answer>() {
            Ok(Some(answer)) => answer,
            Ok(None) => break,
            Err(error) => {
                tracing::error!(%error, "a worker process is not understood");
                break;
            }
        };
        let Some(link) = link.upgrade() else { break };
        if let Err(error) = link.deliver(answer) {
            tracing::error!(%error, "a worker process is not understood");
            break;
        }
    }
    peer.hang_up();
    let how = process::tell(process::reap(child));
    if let Some(link) = link.upgrade() {
        link.end(how);
    }
}
