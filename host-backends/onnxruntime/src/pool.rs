use godwit_backend::{Loads, Result, Workers};

/// Jobs that may wait for a worker before callers wait for a place in the queue.
const QUEUE: usize = 256;

/// Models that load at the same time. Apart from the workers, so that no load holds up a run.
const LOADERS: usize = 2;

/// The threads that wait for the library.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) workers: Workers,
    pub(crate) loads: Loads,
}

impl Pool {
    pub(crate) fn new(threads: usize) -> Result<Self> {
        Ok(Self {
            workers: Workers::new("godwit-ort", threads, QUEUE)?,
            loads: Loads::new("godwit-ort-load", LOADERS, None),
        })
    }
}
