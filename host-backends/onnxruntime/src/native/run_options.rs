use std::ptr::{self, NonNull};
use std::sync::Arc;

use ort::sys::OrtRunOptions;

use super::Outcome;

/// One run's options; what stops it.
#[derive(Debug)]
pub(crate) struct RunOptions(NonNull<OrtRunOptions>);

// SAFETY: the flag that stops a run is made to be set from another thread; nothing else is written.
unsafe impl Send for RunOptions {}
// SAFETY: as above.
unsafe impl Sync for RunOptions {}

impl RunOptions {
    pub(crate) fn new() -> Outcome<Self> {
        let mut options = ptr::null_mut();
        // SAFETY: `options` is where the result goes.
        unsafe { call!(CreateRunOptions(&mut options))? };
        NonNull::new(options).map(Self).ok_or_else(|| ort::Error::new("no run options"))
    }

    pub(super) fn as_ptr(&self) -> *const OrtRunOptions {
        self.0.as_ptr()
    }

    fn terminate(&self) {
        // SAFETY: the options are alive; the call sets a flag that the run looks at.
        if let Err(fault) = unsafe { call!(RunOptionsSetTerminate(self.0.as_ptr())) } {
            tracing::warn!(%fault, "a run could not be told to stop");
        }
    }
}

impl Drop for RunOptions {
    fn drop(&mut self) {
        // SAFETY: made by the library, released once; every run that uses them holds a handle.
        unsafe { (ort::api().ReleaseRunOptions)(self.0.as_ptr()) };
    }
}

/// Tells a run to stop when dropped.
#[derive(Debug)]
pub(crate) struct TerminateOnDrop(pub(crate) Arc<RunOptions>);

impl Drop for TerminateOnDrop {
    fn drop(&mut self) {
        self.0.terminate();
    }
}
