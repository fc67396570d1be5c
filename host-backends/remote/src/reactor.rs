//! The thread that drives connections. A host may call from any executor, or from a runtime that soon ends;
//! a pooled connection must not depend on it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use godwit_backend::{Error, Result};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinHandle, block_in_place};

/// One thread drives many connections: they wait for the network, not for a processor. With a second thread, the
/// tasks of one call would wake each other across processors.
const THREADS: usize = 1;

/// From this many bytes on, reading or writing text takes tenths of a millisecond.
const LONG: usize = 64 << 10;

#[derive(Debug)]
pub(crate) struct Reactor(Option<Runtime>);

impl Reactor {
    pub(crate) fn start() -> Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(THREADS).thread_name("godwit-remote").enable_all();
        let runtime = builder.build().map_err(|error| {
            Error::unavailable("cannot start the network thread").with_source(error)
        })?;
        Ok(Self(Some(runtime)))
    }

    /// Runs `future` on this runtime. Dropping the task cancels it.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Task<T> {
        Task(self.0.as_ref().map(|runtime| runtime.spawn(future)))
    }

    /// Calls `make` in the context of this runtime.
    pub(crate) fn enter<T>(&self, make: impl FnOnce() -> T) -> T {
        let _guard = self.0.as_ref().map(Runtime::enter);
        make()
    }
}

/// Does `work` on `bytes` bytes of text; if they are many, without blocking the other connections.
pub(crate) fn run_beside<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes < LONG { work() } else { block_in_place(work) }
}

impl Drop for Reactor {
    fn drop(&mut self) {
        // Waiting for the threads is not allowed on another runtime's thread.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

pub(crate) struct Task<T>(Option<JoinHandle<Result<T>>>);

impl<T> Future for Task<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(handle) = self.0.as_mut() else {
            return Poll::Ready(Err(Error::internal("the network thread has ended")));
        };
        Pin::new(handle).poll(cx).map(|joined| {
            joined.unwrap_or_else(|error| {
                Err(Error::internal("a remote call ended without an answer").with_source(error))
            })
        })
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.abort();
        }
    }
}
