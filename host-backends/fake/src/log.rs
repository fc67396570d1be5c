use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use godwit_backend::{DeviceId, ErrorKind, Result};

/// What was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// `Backend::load`.
    Load,
    /// `Graph::context`.
    Context,
    /// `ExecutionContext::run`.
    Run,
    /// Reading a tensor that lies on the device.
    Read,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Well.
    Done,
    /// With an error of this kind.
    Failed(ErrorKind),
    /// Dropped before its end.
    Cancelled,
}

/// One finished call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What was called.
    pub act: Act,
    /// On which device.
    pub device: DeviceId,
    /// The name of the model.
    pub model: Arc<str>,
    /// Bytes given to it: the model's for a load, the inputs' for a run.
    pub bytes_in: u64,
    /// Bytes that came back.
    pub bytes_out: u64,
    /// How it ended.
    pub outcome: Outcome,
}

impl Call {
    /// Whether it was dropped before its end.
    pub fn is_cancelled(&self) -> bool {
        self.outcome == Outcome::Cancelled
    }
}

/// The last calls, in a ring that is allocated once.
#[derive(Debug)]
pub(crate) struct Log {
    capacity: usize,
    calls: Mutex<VecDeque<Call>>,
}

impl Log {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, calls: Mutex::new(VecDeque::with_capacity(capacity)) }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.lock().iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn push(&self, call: Call) {
        let mut calls = self.lock();
        if calls.len() >= self.capacity {
            calls.pop_front();
        }
        if self.capacity > 0 {
            calls.push_back(call);
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call under way; logged as cancelled unless it is ended.
#[derive(Debug)]
pub(crate) struct Entry {
    log: Arc<Log>,
    call: Option<Call>,
}

impl Entry {
    pub(crate) fn begin(
        log: &Arc<Log>,
        act: Act,
        device: &DeviceId,
        model: &Arc<str>,
        bytes_in: u64,
    ) -> Self {
        let outcome = Outcome::Cancelled;
        let (device, model) = (device.clone(), model.clone());
        let call = Call { act, device, model, bytes_in, bytes_out: 0, outcome };
        Self { log: log.clone(), call: Some(call) }
    }

    /// Logs how it ended; `bytes_out` counts only when it ended well.
    pub(crate) fn end<T>(mut self, result: &Result<T>, bytes_out: u64) {
        if let Some(mut call) = self.call.take() {
            match result {
                Ok(_) => (call.outcome, call.bytes_out) = (Outcome::Done, bytes_out),
                Err(error) => call.outcome = Outcome::Failed(error.kind()),
            }
            self.log.push(call);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            self.log.push(call);
        }
    }
}
