//! The process's standard output and error as streams that a guest waits for without holding its thread.
//!
//! wasmtime's own write where they are called: a guest whose reader stands still would hold the thread that its
//! deadline is waited for on.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use tokio::sync::Notify;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use super::Bounds;

/// What a pipe with room takes at once without waiting (`PIPE_BUF`).
const AT_ONCE: usize = 4096;

/// The most that is taken from a guest before it has to wait.
const PERMIT: usize = 64 << 10;

/// Which of the process's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// One of the process's streams. Clones write to it in turn.
#[derive(Debug, Clone)]
pub(crate) struct Outlet {
    stream: Stream,
    bounds: Option<Bounds>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    settled: Notify,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Ready,
    /// A thread writes what the reader had no room for.
    Writing,
    Failed(io::Error),
    Closed,
}

impl Outlet {
    /// `bounds` are charged with what is written, unless somebody else does that.
    pub(crate) fn new(stream: Stream, bounds: Option<Bounds>) -> Self {
        Self { stream, bounds, shared: Arc::default() }
    }

    /// Waits until what was written has reached the system.
    pub(crate) async fn settle(&self) {
        loop {
            let settled = self.shared.settled.notified();
            if !matches!(*self.shared.state(), State::Writing) {
                return;
            }
            settled.await;
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&self, outcome: io::Result<()>) {
        *self.state() = match outcome {
            Ok(()) => State::Ready,
            Err(error) => State::Failed(error),
        };
        self.settled.notify_waiters();
    }
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Outlet {
    fn write(&mut self, mut bytes: Bytes) -> StreamResult<()> {
        if let Some(bounds) = &self.bounds {
            bounds.write(bytes.len()).map_err(StreamError::Trap)?;
        }
        if self.check_write()? == 0 {
            return Err(StreamError::trap("written to a stream that is not ready"));
        }
        while !bytes.is_empty() && self.stream.has_room() {
            let some = bytes.split_to(bytes.len().min(AT_ONCE));
            if let Err(error) = self.stream.write(&some) {
                *self.shared.state() = State::Closed;
                return Err(failure(error));
            }
        }
        if bytes.is_empty() {
            return Ok(());
        }
        *self.shared.state() = State::Writing;
        let (stream, shared) = (self.stream, self.shared.clone());
        tokio::task::spawn_blocking(move || shared.settle(stream.write(&bytes)));
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.check_write().map(drop)
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        let mut state = self.shared.state();
        match &*state {
            State::Ready => Ok(PERMIT),
            State::Writing => Ok(0),
            State::Closed => Err(StreamError::Closed),
            State::Failed(_) => match std::mem::replace(&mut *state, State::Closed) {
                State::Failed(error) => Err(failure(error)),
                _ => Err(StreamError::Closed),
            },
        }
    }
}

/// A guest knows a reader that is gone by a stream that is closed.
fn failure(error: io::Error) -> StreamError {
    match error.kind() {
        io::ErrorKind::BrokenPipe => StreamError::Closed,
        _ => StreamError::LastOperationFailed(error.into()),
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Outlet {
    async fn ready(&mut self) {
        self.settle().await;
    }
}

impl IsTerminal for Outlet {
    fn is_terminal(&self) -> bool {
        match self.stream {
            Stream::Stdout => io::IsTerminal::is_terminal(&io::stdout()),
            Stream::Stderr => io::IsTerminal::is_terminal(&io::stderr()),
        }
    }
}

impl StdoutStream for Outlet {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    /// For WASI 0.3, which no world here offers.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }
}

impl Stream {
    #[cfg(unix)]
    fn with<T>(self, work: impl FnOnce(std::os::fd::BorrowedFd<'_>) -> T) -> T {
        use std::os::fd::AsFd as _;
        match self {
            Self::Stdout => work(io::stdout().as_fd()),
            Self::Stderr => work(io::stderr().as_fd()),
        }
    }

    /// Whether `AT_ONCE` bytes can be written without waiting for the reader. Only files and pipes promise that; a
    /// terminal that has been stopped, for instance, does not.
    #[cfg(unix)]
    fn has_room(self) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        use rustix::fs::{FileType, fstat};
        self.with(|fd| {
            let Ok(stat) = fstat(fd) else { return false };
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => true,
                FileType::Fifo => {
                    let mut polled = [PollFd::new(&fd, PollFlags::OUT)];
                    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
                    matches!(poll(&mut polled, Some(&now)), Ok(1))
                }
                _ => false,
            }
        })
    }

    #[cfg(not(unix))]
    fn has_room(self) -> bool {
        false
    }

    /// Writes all bytes, however long that takes.
    #[cfg(unix)]
    fn write(self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.with(|fd| rustix::io::write(fd, bytes)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => self.wait_for_room(),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whoever started this process may have made the stream one that does not wait by itself.
    #[cfg(unix)]
    fn wait_for_room(self) {
        use rustix::event::{PollFd, PollFlags, poll};
        self.with(|fd| {
            let mut polled = [PollFd::new(&fd, PollFlags::OUT)];
            let _ = poll(&mut polled, None);
        });
    }

    #[cfg(not(unix))]
    fn write(self, bytes: &[u8]) -> io::Result<()> {
        use io::Write as _;
        match self {
            Self::Stdout => io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()),
            Self::Stderr => io::stderr().write_all(bytes).and_then(|()| io::stderr().flush()),
        }
    }
}
