//! The end of the process while the library is at work.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Calls into the library that have not returned.
static CALLS: AtomicUsize = AtomicUsize::new(0);

/// A call into the library. While there is one, the library must not be torn down.
pub(super) struct Call(());

impl Call {
    pub(super) fn begin() -> Self {
        CALLS.fetch_add(1, Ordering::AcqRel);
        Self(())
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        CALLS.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Has a process that exits during a call end without the library's destructors. They free what the thread of that call
/// is using, for instance a load that ran past its deadline, and the process would end by SIGSEGV instead of with its
/// own exit code.
///
/// Has to be called once the library is loaded: the system runs what was registered last first.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn end_without_destructors_during_calls() {
    use std::ffi::{c_int, c_void};
    use std::ptr;

    unsafe extern "C" {
        fn on_exit(function: extern "C" fn(c_int, *mut c_void), argument: *mut c_void) -> c_int;
        fn _exit(status: c_int) -> !;
    }

    extern "C" fn exiting(status: c_int, _: *mut c_void) {
        if CALLS.load(Ordering::Acquire) > 0 {
            // SAFETY: it ends the process and takes any status.
            unsafe { _exit(status) }
        }
    }

    // SAFETY: the function has the type that glibc calls, and lives as long as the program.
    let refused = unsafe { on_exit(exiting, ptr::null_mut()) } != 0;
    if refused {
        tracing::warn!("the end of the process during a call cannot be watched");
    }
}

/// Other systems have no exit handler that is told the exit code.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn end_without_destructors_during_calls() {}
