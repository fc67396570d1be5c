use std::cell::Cell;
use std::future::Future;
use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::Subject;
use crate::memory::beside_others;

/// Far beyond what any case takes: a case that hangs fails instead.
const LIMIT: Duration = Duration::from_secs(300);

/// How long a case waits for what is to come true. On a busy machine that takes a while.
const PATIENCE: Duration = Duration::from_secs(120);

thread_local! {
    static OWN_PATIENCE: Cell<Duration> = const { Cell::new(PATIENCE) };
}

/// Runs `case` on the subject that `make` makes.
///
/// # Panics
///
/// When the case does, or when it hangs.
pub fn check<M, C, F>(make: M, case: C)
where
    M: FnOnce() -> Subject + Send + 'static,
    C: FnOnce(Subject) -> F + Send + 'static,
    F: Future<Output = ()>,
{
    check_within(PATIENCE, make, case);
}

/// As [`check`], where the case waits no longer than `patience` for what is to come true: for subjects that are known
/// to be at fault.
///
/// # Panics
///
/// When the case does, or when it hangs.
pub fn check_within<M, C, F>(patience: Duration, make: M, case: C)
where
    M: FnOnce() -> Subject + Send + 'static,
    C: FnOnce(Subject) -> F + Send + 'static,
    F: Future<Output = ()>,
{
    let (ended, has_ended) = channel::<()>();
    let running = thread::spawn(move || {
        // Dropped when the case ends, also by a panic.
        let _ended = ended;
        OWN_PATIENCE.set(patience);
        beside_others(|| block_on(async { case(make()).await }));
    });
    let outcome = has_ended.recv_timeout(LIMIT);
    assert!(outcome == Err(RecvTimeoutError::Disconnected), "still not done after {LIMIT:?}");
    if let Err(panic) = running.join() {
        resume_unwind(panic);
    }
}

/// Runs one future on this thread, in the kind of runtime a host gives to a backend.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(future)
}

/// How long the case on this thread waits for what is to come true.
pub(crate) fn patience() -> Duration {
    OWN_PATIENCE.get()
}
