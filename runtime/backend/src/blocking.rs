use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use async_channel::{Receiver, Sender, bounded};
use futures::channel::oneshot;

use crate::stop::StopOnDrop;
use crate::{Error, Result, Stop};

type Job = Box<dyn FnOnce() + Send>;

/// Named threads for libraries that block: a bounded queue, and no work for callers who have gone.
///
/// One thread suits a library whose handle must stay on the thread that made it; a thread per core
/// suits computation. Dropping the last handle ends the threads after their current job.
#[derive(Debug)]
pub struct Workers {
    queue: Sender<Job>,
    threads: usize,
}

impl Workers {
    /// Starts `threads` threads called `name-0`, `name-1`, ... that share a queue of `depth` jobs.
    ///
    /// # Errors
    ///
    /// `Unavailable` when the system refuses a thread.
    pub fn new(name: &str, threads: usize, depth: usize) -> Result<Self> {
        Self::start(name, threads, depth, None)
    }

    /// As [`Workers::new`], with `stack` bytes of stack for each thread: for libraries that call themselves as deep
    /// as what they read is nested. The system gives memory only to what is used of it.
    ///
    /// # Errors
    ///
    /// As [`Workers::new`].
    pub fn with_stack(name: &str, threads: usize, depth: usize, stack: usize) -> Result<Self> {
        Self::start(name, threads, depth, Some(stack))
    }

    fn start(name: &str, threads: usize, depth: usize, stack: Option<usize>) -> Result<Self> {
        let threads = threads.max(1);
        let (queue, jobs) = bounded::<Job>(depth.max(1));
        for index in 0..threads {
            let jobs = jobs.clone();
            let mut thread = thread::Builder::new().name(format!("{name}-{index}"));
            if let Some(stack) = stack {
                thread = thread.stack_size(stack);
            }
            thread.spawn(move || work(&jobs)).map_err(|error| {
                Error::unavailable("the system refused a worker thread").with_source(error)
            })?;
        }
        Ok(Self { queue, threads })
    }

    /// How many threads serve the queue.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Runs `job` on a worker and waits for what it returns.
    ///
    /// Waits while the queue is full. Dropping the future raises the [`Stop`] that `job` was given, and
    /// a job that has not begun by then never does.
    ///
    /// # Errors
    ///
    /// `Internal` when the job panics; the thread survives it.
    pub async fn run<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Stop) -> T + Send + 'static,
    {
        let stop = Stop::default();
        let guard = StopOnDrop(stop.clone());
        let (reply, outcome) = oneshot::channel();
        let task: Job = Box::new(move || {
            if !stop.is_stopped() {
                // A caller who has gone wants no reply.
                let _ = reply.send(job(&stop));
            }
        });
        if self.queue.send(task).await.is_err() {
            return Err(Error::internal("the worker threads have ended"));
        }
        let outcome = outcome.await;
        drop(guard);
        outcome.map_err(|_| Error::internal("a worker panicked"))
    }
}

fn work(jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv_blocking() {
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a job panicked on a worker thread");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    use futures::FutureExt;
    use futures::executor::block_on;

    use super::*;
    use crate::ErrorKind;

    #[test]
    fn a_panic_is_an_error_and_the_thread_survives() {
        let workers = Workers::new("test", 1, 1).unwrap();
        let error = block_on(workers.run::<(), _>(|_| panic!("planted"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert_eq!(block_on(workers.run(|_| 7)).unwrap(), 7);
    }

    #[test]
    fn dropping_the_future_raises_stop_and_skips_what_has_not_begun() {
        let workers = Workers::new("test", 1, 4).unwrap();
        let (began, has_begun) = mpsc::channel();
        let (saw, has_seen) = mpsc::channel();
        let mut running = Box::pin(workers.run(move |stop| {
            began.send(()).unwrap();
            while !stop.is_stopped() {
                thread::sleep(Duration::from_millis(1));
            }
            saw.send(()).unwrap();
        }));
        assert!(running.as_mut().now_or_never().is_none());
        has_begun.recv().unwrap();

        let ran = Arc::new(AtomicBool::new(false));
        let mark = ran.clone();
        let mut queued = Box::pin(workers.run(move |_| mark.store(true, Ordering::SeqCst)));
        assert!(queued.as_mut().now_or_never().is_none());
        drop(queued);
        drop(running);

        has_seen.recv_timeout(Duration::from_secs(10)).unwrap();
        block_on(workers.run(|_| ())).unwrap();
        assert!(!ran.load(Ordering::SeqCst), "a job ran for a caller who had gone");
    }
}
