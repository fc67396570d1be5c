use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_lock::Semaphore;

use crate::{Error, Result, Stop, Workers};

/// Loads that nobody waits for any more and that go on, at most.
const STUCK: usize = 16;

/// Loads models, a few at a time, each on a thread of its own.
///
/// A library that reads a model may not look at its [`Stop`] for long, or ever. A load whose caller has gone gives its
/// turn to the next, so that no model keeps others from being loaded.
#[derive(Debug)]
pub struct Loads {
    name: &'static str,
    stack: Option<usize>,
    together: usize,
    turns: Semaphore,
    running: Arc<AtomicUsize>,
}

impl Loads {
    /// At most `together` loads at a time, on threads called `name`, with `stack` bytes of stack if that is more
    /// than usual.
    pub fn new(name: &'static str, together: usize, stack: Option<usize>) -> Self {
        Self { name, stack, together, turns: Semaphore::new(together), running: Arc::default() }
    }

    /// Runs `load` when it is its turn. Dropping the future raises the [`Stop`] that it was given.
    ///
    /// # Errors
    ///
    /// `Unavailable` when too many loads go on that nobody waits for; `Internal` when `load` panics.
    pub async fn run<T, F>(&self, load: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Stop) -> T + Send + 'static,
    {
        let _turn = self.turns.acquire().await;
        if self.running.load(Ordering::Relaxed) >= STUCK + self.together {
            return Err(Error::unavailable(
                "too many models are still loading that nobody waits for any more",
            ));
        }
        let running = Running::begin(&self.running);
        let thread = match self.stack {
            Some(stack) => Workers::with_stack(self.name, 1, 1, stack),
            None => Workers::new(self.name, 1, 1),
        };
        let load = move |stop: &Stop| {
            let _running = running;
            load(stop)
        };
        thread?.run(load).await
    }
}

/// Counts a thread that loads.
#[derive(Debug)]
struct Running(Arc<AtomicUsize>);

impl Running {
    fn begin(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use futures::FutureExt;
    use futures::executor::block_on;

    use super::*;
    use crate::ErrorKind;

    #[test]
    fn loads_that_never_end_hold_up_nobody_until_there_are_too_many() {
        let loads = Loads::new("test", 2, None);
        let (free, freed) = mpsc::channel::<()>();
        let freed = Arc::new(Mutex::new(freed));
        for _ in 0..STUCK + 2 {
            assert_eq!(block_on(loads.run(|_| 7)).unwrap(), 7);
            let (begun, has_begun) = mpsc::channel();
            let freed = freed.clone();
            let mut endless = Box::pin(loads.run(move |_| {
                begun.send(()).unwrap();
                drop(freed.lock().map(|freed| freed.recv()));
            }));
            assert!(endless.as_mut().now_or_never().is_none());
            has_begun.recv().unwrap();
        }
        let error = block_on(loads.run(|_| 7)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        drop(free);
        while loads.running.load(Ordering::Relaxed) > 0 {
            std::thread::yield_now();
        }
        assert_eq!(block_on(loads.run(|_| 7)).unwrap(), 7);
    }
}
