use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use futures::channel::oneshot;
use godwit_backend::{Digest, Error, Result, Tensors};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::call::{Call, Got};
use super::reader;
use crate::Limits;
use crate::lock::lock;
use crate::socket::HostSocket;
use crate::wire::{Ask, Request};

/// The connection to one process, from its start to its end. The process ends when this is dropped.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) socket: Arc<HostSocket>,
    /// The number of the process, once it runs.
    process: AtomicU32,
    /// What a call gets for ending after nobody waits for it any more.
    grace: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    calls: HashMap<u64, Pending>,
    /// Runs whose end is told by a message.
    runs: HashMap<u64, PendingRun>,
    /// Why the process is to be killed.
    doomed: Option<String>,
    ended: Option<End>,
}

/// How a process ended.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) how: String,
    /// What alone was at work then.
    pub(super) culprit: Option<Work>,
    /// Whether nobody wanted it to end.
    pub(super) is_crash: bool,
}

/// What a call is for, if it loads or runs a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Work {
    pub(super) model: Digest,
    /// The tenant's budget; none while a model is loaded, which all may share.
    pub(super) tenant: Option<u64>,
}

#[derive(Debug)]
struct Pending {
    /// None when nobody waits any more.
    answer: Option<oneshot::Sender<Result<Got>>>,
    work: Option<Work>,
    due: Due,
}

#[derive(Debug)]
struct PendingRun {
    done: oneshot::Sender<()>,
    work: Work,
    due: Option<Due>,
    /// Inputs that are on the device stay there until the run is over.
    _held: Tensors,
}

/// When something must be over.
#[derive(Debug, Clone, Copy)]
struct Due {
    at: Instant,
    after: Duration,
}

impl Due {
    fn after(after: Duration) -> Self {
        Self { at: Instant::now() + after, after }
    }
}

impl Link {
    /// Starts a process after a pause; the call tells whether it could open its backend.
    pub(super) fn start(
        command: Command,
        pause: Duration,
        limits: &Limits,
    ) -> io::Result<(Arc<Self>, Call)> {
        let kind = SocketType::SEQPACKET;
        let (host, worker) = socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?;
        let socket = Arc::new(HostSocket::new(host)?);
        let link = Arc::new(Self {
            socket: socket.clone(),
            process: AtomicU32::default(),
            grace: limits.grace,
            state: Mutex::default(),
        });
        let ready = link.expect(0, None, pause + limits.start)?;
        let weak = Arc::downgrade(&link);
        let serve = move || {
            thread::sleep(pause);
            reader::serve(command, worker, &socket, &weak);
        };
        thread::Builder::new().name("godwit-worker".into()).spawn(serve)?;
        Ok((link, ready))
    }

    /// Asks for something that takes less than `within`, on behalf of a model if it is loaded or run.
    pub(super) fn ask(
        self: &Arc<Self>,
        what: Request,
        files: Vec<OwnedFd>,
        work: Option<Work>,
        within: Duration,
    ) -> Result<Call> {
        let number = self.number();
        let call = self.expect(number, work, within).map_err(|_| self.lost())?;
        let said = self.say(&Ask { call: number, what }, files);
        said.inspect_err(|_| drop(self.lock().calls.remove(&number)))?;
        Ok(call)
    }

    /// The number of the next call.
    pub(super) fn number(&self) -> u64 {
        let mut state = self.lock();
        state.last += 1;
        state.last
    }

    /// The number of the process.
    pub(super) fn process(&self) -> u32 {
        self.process.load(Ordering::Relaxed)
    }

    pub(super) fn set_process(&self, number: u32) {
        self.process.store(number, Ordering::Relaxed);
    }

    fn say(&self, ask: &Ask, files: Vec<OwnedFd>) -> Result<()> {
        self.socket.send(ask, files).map_err(|error| {
            Error::internal("a worker process could not be told something").with_source(error)
        })
    }

    /// Says something that has no answer.
    pub(super) fn tell(&self, ask: &Ask) {
        if self.is_over() {
            return;
        }
        if let Err(error) = self.say(ask, Vec::new()) {
            self.doom(error.report());
        }
    }

    /// Nobody waits for this call any more.
    pub(super) fn cancel(&self, number: u64) {
        {
            let mut state = self.lock();
            let Some(call) = state.calls.get_mut(&number) else { return };
            call.answer = None;
            call.due = Due::after(self.grace);
        }
        self.tell(&Ask { call: number, what: Request::Cancel });
        // There is an earlier time to wait for.
        self.socket.ring();
    }

    /// What is received when this run is over.
    pub(super) fn expect_run(
        &self,
        number: u64,
        work: Work,
        held: Tensors,
    ) -> Result<oneshot::Receiver<()>> {
        let (done, receiver) = oneshot::channel();
        let mut state = self.lock();
        if state.ended.is_some() {
            drop(state);
            return Err(self.lost());
        }
        state.runs.insert(number, PendingRun { done, work, due: None, _held: held });
        Ok(receiver)
    }

    /// A run whose answer was there before its message.
    pub(super) fn forget_run(&self, number: u64) {
        self.lock().runs.remove(&number);
    }

    /// Nobody waits for this run any more.
    pub(super) fn cancel_run(&self, number: u64) {
        match self.lock().runs.get_mut(&number) {
            Some(PendingRun { due: due @ None, .. }) => *due = Some(Due::after(self.grace)),
            // It was said before, or the run has ended.
            _ => return,
        }
        self.tell(&Ask { call: number, what: Request::Cancel });
        self.socket.ring();
    }

    /// The process does not keep the protocol: it is killed.
    pub(super) fn violated(&self, how: &str) {
        self.doom(format!("it was killed, for {how}"));
    }

    fn doom(&self, how: String) {
        self.lock().doomed.get_or_insert(how);
        self.socket.ring();
    }

    /// Why nothing is answered any more.
    pub(super) fn lost(&self) -> Error {
        let error = Error::device_lost("the process that drives the device has ended");
        match self.lock().ended.clone() {
            Some(End { how, .. }) => error.with_source(how),
            None => error,
        }
    }

    /// Whether the process has ended, or is about to be killed.
    pub(super) fn is_over(&self) -> bool {
        let state = self.lock();
        state.ended.is_some() || state.doomed.is_some()
    }

    pub(super) fn ended(&self) -> Option<End> {
        self.lock().ended.clone()
    }

    fn expect(
        self: &Arc<Self>,
        number: u64,
        work: Option<Work>,
        within: Duration,
    ) -> io::Result<Call> {
        let (answer, receiver) = oneshot::channel();
        let mut state = self.lock();
        if state.ended.is_some() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let due = Due::after(within);
        state.calls.insert(number, Pending { answer: Some(answer), work, due });
        drop(state);
        self.socket.ring();
        Ok(Call::new(self.clone(), number, receiver))
    }

    /// Hands an answer to whoever waits for it. The handles of one that nobody waits for are dropped here.
    pub(super) fn deliver(&self, call: u64, outcome: Result<Got>) {
        let pending = self.lock().calls.remove(&call);
        if let Some(answer) = pending.and_then(|pending| pending.answer) {
            let _ = answer.send(outcome);
        }
    }

    /// A run is over.
    pub(super) fn done(&self, number: u64) {
        let run = self.lock().runs.remove(&number);
        if let Some(run) = run {
            let _ = run.done.send(());
        }
    }

    /// When somebody has to look whether a call is overdue.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let state = self.lock();
        let runs = state.runs.values().filter_map(|run| run.due);
        state.calls.values().map(|call| call.due).chain(runs).map(|due| due.at).min()
    }

    /// Why the process has to be killed now, if it has.
    pub(super) fn doomed(&self) -> Option<String> {
        let state = self.lock();
        let runs = state.runs.values().filter_map(|run| run.due);
        let mut dues = state.calls.values().map(|call| call.due).chain(runs);
        let now = Instant::now();
        let late = || {
            let due = dues.find(|due| due.at <= now)?;
            Some(format!("it was killed, for a call had not ended after {:?}", due.after))
        };
        state.doomed.clone().or_else(late)
    }

    /// Remembers how the process ended, and tells whoever waits.
    pub(super) fn end(&self, how: String, is_crash: bool) {
        let mut state = self.lock();
        let calls = std::mem::take(&mut state.calls);
        let runs = std::mem::take(&mut state.runs);
        let mut at_work: Vec<Work> = calls.values().filter_map(|call| call.work).collect();
        at_work.extend(runs.values().map(|run| run.work));
        at_work.sort_unstable();
        at_work.dedup();
        let culprit = match at_work.as_slice() {
            [alone] => Some(*alone),
            _ => None,
        };
        if is_crash {
            tracing::warn!(%how, ?culprit, "a worker process has ended");
        }
        state.ended = Some(End { how, culprit, is_crash });
        drop(state);
        // Whoever waits for a run learns it by the loss of its sender.
        drop(runs);
        for pending in calls.into_values() {
            if let Some(answer) = pending.answer {
                let _ = answer.send(Err(self.lost()));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.socket.hang_up();
    }
}
