use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use godwit_backend::{Result, Stop, Workers};

/// Runs that may wait for a stream. Each context has at most one.
const QUEUE: usize = 1024;

/// A thread with its own CUDA stream.
///
/// tract has a CUDA stream, and the scratch memory of some operators, for each thread. So a context runs on one
/// thread, and is dropped there too.
#[derive(Debug)]
pub(crate) struct Stream {
    worker: Workers,
    contexts: AtomicUsize,
}

impl Stream {
    pub(crate) fn new(name: &str) -> Result<Self> {
        Ok(Self { worker: Workers::new(name, 1, QUEUE)?, contexts: AtomicUsize::new(0) })
    }

    /// Runs `job` on the thread. Dropping the future raises its [`Stop`].
    pub(crate) async fn run<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Stop) -> T + Send + 'static,
    {
        self.worker.run(job).await
    }

    /// Drops `value` on the thread, without waiting for it.
    pub(crate) fn discard<T: Send + 'static>(&self, value: T) {
        let job = pin!(self.worker.run(move |_| drop(value)));
        // One poll puts the job into the queue. Dropping the future then cancels the job, and the thread drops what
        // it owns; if the queue is full, this thread does.
        let _ = job.poll(&mut Context::from_waker(Waker::noop()));
    }

    pub(crate) fn enter(&self) {
        self.contexts.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn leave(&self) {
        self.contexts.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn contexts(&self) -> usize {
        self.contexts.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use std::sync::mpsc;
    use std::thread::{self, ThreadId};
    use std::time::Duration;

    struct Tells(mpsc::Sender<ThreadId>);

    impl Drop for Tells {
        fn drop(&mut self) {
            self.0.send(thread::current().id()).unwrap();
        }
    }

    #[test]
    fn what_is_discarded_is_dropped_on_the_thread() {
        let stream = Stream::new("test").unwrap();
        let here = block_on(stream.run(|_| thread::current().id())).unwrap();
        let (tell, told) = mpsc::channel();
        stream.discard(Tells(tell));
        assert_eq!(told.recv_timeout(Duration::from_secs(10)).unwrap(), here);
    }
}
