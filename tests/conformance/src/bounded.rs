use std::future::Future;
use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use peak_alloc::PeakAlloc;

use crate::Subject;

/// Far beyond what any case takes: a case that hangs fails instead.
const LIMIT: Duration = Duration::from_secs(300);

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

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
    let (ended, has_ended) = channel::<()>();
    let running = thread::spawn(move || {
        // Dropped when the case ends, also by a panic.
        let _ended = ended;
        block_on(case(make()));
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

/// Bytes on the heap now.
pub(crate) fn heap() -> usize {
    HEAP.current_usage()
}

/// The most bytes there were on the heap since this was last called.
pub(crate) fn heap_peak() -> usize {
    let peak = HEAP.peak_usage();
    HEAP.reset_peak_usage();
    peak
}
