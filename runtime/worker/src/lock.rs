use std::sync::{Mutex, MutexGuard, PoisonError};

/// Every change under this crate's locks is complete before anything in it can panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
