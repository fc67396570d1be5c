use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{Error, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::{Instant, timeout_at};

use super::AdmissionLimits;

/// The right to run, given back on drop.
#[derive(Debug)]
pub(super) struct Permit {
    _slot: OwnedSemaphorePermit,
}

/// A place in the queue, given back on drop.
#[derive(Debug)]
pub(super) struct Queued {
    runs: Arc<Semaphore>,
    _slot: OwnedSemaphorePermit,
}

/// Counts one tenant's runs and those waiting for their turn.
#[derive(Debug)]
pub(super) struct Gate {
    runs: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    concurrent: usize,
}

/// What a run gets when it asks to enter.
#[derive(Debug)]
pub(super) enum Entry {
    Now(Permit),
    Wait(Queued),
}

impl Gate {
    pub(super) fn new(limits: &AdmissionLimits) -> Self {
        let of = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        let concurrent = limits.concurrent_runs.max(1);
        Self { runs: of(concurrent), queue: of(limits.queued_runs), concurrent }
    }

    /// Enters, or takes a place in the queue.
    ///
    /// # Errors
    ///
    /// `Unavailable` when the queue is full.
    pub(super) fn enter(&self) -> Result<Entry> {
        match self.runs.clone().try_acquire_owned() {
            Ok(slot) => return Ok(Entry::Now(Permit { _slot: slot })),
            Err(TryAcquireError::Closed) => return Err(closed()),
            Err(TryAcquireError::NoPermits) => {}
        }
        let slot = self.queue.clone().try_acquire_owned().map_err(|_| self.busy())?;
        Ok(Entry::Wait(Queued { runs: self.runs.clone(), _slot: slot }))
    }

    fn busy(&self) -> Error {
        Error::unavailable(format!(
            "busy: this tenant's {} concurrent runs are taken and its queue is full; try again later",
            self.concurrent
        ))
    }
}

impl Queued {
    /// Waits for the turn, first come first served.
    pub(super) async fn turn(self) -> Result<Permit> {
        let slot = self.runs.acquire_owned().await.map_err(|_| closed())?;
        Ok(Permit { _slot: slot })
    }
}

fn closed() -> Error {
    Error::internal("the admission gate was closed")
}

/// A limit on time, and what it limits: for the message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    what: &'static str,
    after: Option<Duration>,
}

impl Deadline {
    pub(super) fn new(what: &'static str, after: Option<Duration>) -> Self {
        Self { what, after }
    }

    /// Waits for `work` as long as is allowed, counted from this call, then drops it.
    ///
    /// # Errors
    ///
    /// `Timeout`, or what `work` gives.
    pub(super) fn limit<T>(
        self,
        work: impl Future<Output = Result<T>>,
    ) -> impl Future<Output = Result<T>> {
        // A duration too long for the clock is no limit.
        let at = self.after.and_then(|after| Instant::now().checked_add(after));
        async move {
            match at {
                Some(at) => timeout_at(at, work).await.unwrap_or_else(|_| Err(self.passed())),
                None => work.await,
            }
        }
    }

    fn passed(self) -> Error {
        let after = self.after.unwrap_or_default();
        let what = self.what;
        Error::timeout(format!("the {what} took longer than the {after:?} this tenant is allowed"))
    }
}
