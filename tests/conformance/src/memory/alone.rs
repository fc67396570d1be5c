use std::cell::RefCell;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// nextest gives each test a process of its own; under `cargo test` they are threads of one, whose memory is one
/// number.
static RUNNING: RwLock<()> = RwLock::new(());

/// What the case on this thread holds until it ends.
enum Share {
    BesideOthers { _guard: RwLockReadGuard<'static, ()> },
    Alone { _guard: RwLockWriteGuard<'static, ()> },
}

thread_local! {
    static SHARE: RefCell<Option<Share>> = const { RefCell::new(None) };
}

/// Runs a case beside others, after any that has to be alone.
pub(crate) fn beside_others(case: impl FnOnce()) {
    let guard = RUNNING.read().unwrap_or_else(PoisonError::into_inner);
    SHARE.set(Some(Share::BesideOthers { _guard: guard }));
    case();
    SHARE.set(None);
}

/// Waits until no other case runs, and keeps them waiting until the one on this thread has ended: for cases that
/// measure the process they run in.
pub(crate) fn alone() {
    SHARE.set(None);
    let guard = RUNNING.write().unwrap_or_else(PoisonError::into_inner);
    SHARE.set(Some(Share::Alone { _guard: guard }));
}
