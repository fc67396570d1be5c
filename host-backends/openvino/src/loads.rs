use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_lock::Semaphore;
use futures::future::{Either, select};
use futures_timer::Delay;
use godwit_backend::{Error, Result, Stop, Workers};

/// Models that load at the same time.
const TOGETHER: usize = 2;

/// Loads that nobody waits for any more and that the library will not end, at most.
const STUCK: usize = 16;

/// Loads models, each on a thread of its own, because the library cannot be stopped while it loads one.
#[derive(Debug)]
pub(crate) struct Loads {
    turns: Semaphore,
    running: Arc<AtomicUsize>,
    deadline: Duration,
}

impl Loads {
    pub(crate) fn new(deadline: Duration) -> Self {
        Self { turns: Semaphore::new(TOGETHER), running: Arc::default(), deadline }
    }

    /// Runs `load` on a thread and waits for it no longer than the deadline.
    ///
    /// # Errors
    ///
    /// What `load` gives; `Timeout` at the deadline, when the thread remains; `Unavailable` when too
    /// many threads remain.
    pub(crate) async fn run<T, F>(&self, load: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Stop) -> Result<T> + Send + 'static,
    {
        let _turn = self.turns.acquire().await;
        if self.running.load(Ordering::Relaxed) >= STUCK + TOGETHER {
            return Err(Error::unavailable(
                "too many models are still loading that nobody waits for any more",
            ));
        }
        let running = Running::begin(&self.running);
        let thread = Workers::new("godwit-openvino-load", 1, 1)?;
        let job = thread.run(move |stop| {
            let _running = running;
            load(stop)
        });
        match select(std::pin::pin!(job), Delay::new(self.deadline)).await {
            Either::Left((outcome, _)) => outcome?,
            Either::Right(_) => {
                tracing::warn!(deadline = ?self.deadline, "a model is still loading; its thread remains");
                Err(Error::timeout(format!(
                    "the model was not loaded within {:?}; OpenVINO cannot be stopped, so its thread \
                     remains",
                    self.deadline
                )))
            }
        }
    }
}

/// Counts a thread that loads.
struct Running(Arc<AtomicUsize>);

impl Running {
    fn begin(count: &Arc<AtomicUsize>) -> Self {
        let before = count.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!("godwit_openvino_loading").set((before + 1) as f64);
        Self(count.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let before = self.0.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("godwit_openvino_loading").set(before.saturating_sub(1) as f64);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use futures::executor::block_on;
    use godwit_backend::ErrorKind;

    use super::*;

    #[test]
    fn a_load_that_hangs_holds_up_nobody_else() {
        let loads = Loads::new(Duration::from_millis(20));
        let (free, freed) = channel::<()>();
        let mut freed = Some(freed);
        for _ in 0..TOGETHER + 1 {
            let freed = freed.take();
            let hang = move |_: &Stop| {
                match freed {
                    Some(freed) => drop(freed.recv()),
                    None => thread::sleep(Duration::from_millis(200)),
                }
                Ok(())
            };
            let error = block_on(loads.run(hang)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
        }
        let loads = Loads { deadline: Duration::from_secs(100), ..loads };
        assert_eq!(block_on(loads.run(|_| Ok(7))).unwrap(), 7);
        drop(free);
    }

    #[test]
    fn there_is_an_end_to_threads_that_remain() {
        let loads = Loads::new(Duration::from_millis(100));
        let (free, freed) = channel::<()>();
        let freed = Arc::new(std::sync::Mutex::new(freed));
        // On a busy machine a load may be given up before its thread has begun.
        let begun = Arc::new(AtomicUsize::new(0));
        while begun.load(Ordering::SeqCst) < STUCK + TOGETHER {
            let (freed, begun) = (freed.clone(), begun.clone());
            let hang = move |_: &Stop| {
                begun.fetch_add(1, Ordering::SeqCst);
                drop(freed.lock().map(|freed| freed.recv()));
                Ok(())
            };
            let kind = block_on(loads.run(hang)).unwrap_err().kind();
            assert!(matches!(kind, ErrorKind::Timeout | ErrorKind::Unavailable), "{kind:?}");
        }
        let error = block_on(loads.run(|_| Ok(7))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        drop(free);
    }
}
