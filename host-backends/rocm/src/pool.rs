use std::time::Duration;

use futures::future::{Either, select};
use futures_timer::Delay;
use godwit_backend::{Error, Result, Stop, Workers};

/// Jobs that may wait before callers wait for a place in the queue.
const QUEUE: usize = 256;

/// The threads that wait for the library.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) runs: Workers,
    /// One: the library's programs are made one at a time.
    loads: Workers,
    deadline: Duration,
}

impl Pool {
    pub(crate) fn new(deadline: Duration) -> Result<Self> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            runs: Workers::new("godwit-rocm", threads, QUEUE)?,
            loads: Workers::new("godwit-rocm-load", 1, QUEUE)?,
            deadline,
        })
    }

    /// Makes a program, and waits for it no longer than the deadline.
    pub(crate) async fn load<T: Send + 'static>(
        &self,
        load: impl FnOnce(&Stop) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let job = self.loads.run(load);
        match select(std::pin::pin!(job), Delay::new(self.deadline)).await {
            Either::Left((outcome, _)) => outcome?,
            Either::Right(_) => Err(Error::timeout(format!(
                "the model was not compiled within {:?}; MIGraphX cannot be stopped, and goes on",
                self.deadline
            ))),
        }
    }
}
