use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use godwit_backend::{Error, Loads, Result, Workers};
use tract_linalg::multithread::Executor;

use godwit_tract::{READER_STACK, guarded};

/// Jobs that may wait for a worker before callers wait for a place in the queue.
const QUEUE: usize = 256;

/// Models that load at the same time. Apart from the workers, so that no load holds up a run.
const LOADERS: usize = 2;

/// The machine's cores, shared by every graph of a backend.
#[derive(Debug)]
pub(crate) struct Cores {
    pub(crate) workers: Workers,
    pub(crate) loads: Loads,
    threads: usize,
    together: Executor,
    running: AtomicUsize,
}

impl Cores {
    pub(crate) fn new(threads: Option<usize>) -> Result<Self> {
        let threads = match threads {
            Some(0) => return Err(Error::invalid_argument("the CPU device needs a thread")),
            Some(threads) => threads,
            None => thread::available_parallelism().map_or(1, usize::from),
        };
        Ok(Self {
            workers: Workers::new("godwit-cpu", threads, QUEUE)?,
            loads: Loads::new("godwit-load", LOADERS, Some(READER_STACK)),
            threads,
            together: executor(threads)?,
            running: AtomicUsize::new(0),
        })
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// What spreads one run over `threads` threads.
    pub(crate) fn together(&self, threads: usize) -> Result<Executor> {
        if threads == self.threads { Ok(self.together.clone()) } else { executor(threads) }
    }

    /// Counts a run until the result is dropped.
    pub(crate) fn begin(&self) -> Running<'_> {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(self)
    }
}

/// A run that keeps a worker busy.
#[derive(Debug)]
pub(crate) struct Running<'a>(&'a Cores);

impl Running<'_> {
    /// Whether no other run wants the cores now.
    pub(crate) fn alone(&self) -> bool {
        self.0.running.load(Ordering::Relaxed) <= 1
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

fn executor(threads: usize) -> Result<Executor> {
    if threads == 1 {
        return Ok(Executor::SingleThread);
    }
    let refused = || Error::unavailable("the system refused threads to compute with");
    guarded(refused, || Ok(Executor::multithread_with_name(threads, "godwit-mm")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_alone_until_another_begins() {
        let cores = Cores::new(Some(1)).unwrap();
        let first = cores.begin();
        assert!(first.alone());
        let second = cores.begin();
        assert!(!first.alone() && !second.alone());
        drop(second);
        assert!(first.alone());
    }
}
