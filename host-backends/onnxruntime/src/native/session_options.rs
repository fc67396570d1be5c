use std::ffi::{CString, c_int};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use ort::sys::{GraphOptimizationLevel, OrtSessionOptions};

use super::{Fault, Outcome};
use crate::options::Optimization;

/// The most bytes that one constant may grow to while a model is loaded: a gigabyte.
const MOST_FOLDED: &str = "1073741824";

/// Whose threads a graph computes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threads {
    /// Those of the process.
    Shared,
    /// So many of its own; one is the caller's.
    Own(usize),
}

/// How a model is loaded.
#[derive(Debug)]
pub(crate) struct SessionOptions(NonNull<OrtSessionOptions>);

// SAFETY: set up on one thread; afterwards only the flag that cancels the load is written, which is made
// for another thread to set.
unsafe impl Send for SessionOptions {}
// SAFETY: as above.
unsafe impl Sync for SessionOptions {}

impl SessionOptions {
    pub(crate) fn new(
        threads: Threads,
        spinning: bool,
        optimization: Optimization,
    ) -> Outcome<Self> {
        let mut options = ptr::null_mut();
        // SAFETY: `options` is where the result goes.
        unsafe { call!(CreateSessionOptions(&mut options))? };
        let options =
            NonNull::new(options).map(Self).ok_or_else(|| ort::Error::new("no session options"))?;
        options.threads(threads, spinning)?;
        let level = match optimization {
            Optimization::Off => GraphOptimizationLevel::ORT_DISABLE_ALL,
            Optimization::Basic => GraphOptimizationLevel::ORT_ENABLE_BASIC,
            Optimization::Extended => GraphOptimizationLevel::ORT_ENABLE_EXTENDED,
            Optimization::All => GraphOptimizationLevel::ORT_ENABLE_ALL,
        };
        // SAFETY: the options are alive.
        unsafe { call!(SetSessionGraphOptimizationLevel(options.as_ptr(), level))? };
        // What runs need comes from the process's arena, which has a limit; weights do not, so that
        // their memory goes back with the graph.
        options.set("session.use_env_allocators", "1")?;
        options.set("session.use_device_allocator_for_initializers", "1")?;
        options.set("session.record_ep_graph_assignment_info", "1")?;
        options.set("optimization.constant_folding_max_output_size_in_bytes", MOST_FOLDED)?;
        Ok(options)
    }

    fn threads(&self, threads: Threads, spinning: bool) -> Outcome<()> {
        match threads {
            // SAFETY: the options are alive.
            Threads::Shared => unsafe { call!(DisablePerSessionThreads(self.as_ptr())) },
            Threads::Own(threads) => {
                let threads = c_int::try_from(threads).unwrap_or(c_int::MAX);
                // SAFETY: the options are alive.
                unsafe { call!(SetIntraOpNumThreads(self.as_ptr(), threads))? };
                let spins = if spinning { "1" } else { "0" };
                self.set("session.intra_op.allow_spinning", spins)
            }
        }
    }

    /// Sets one entry of the library's own configuration.
    pub(crate) fn set(&self, key: &str, value: &str) -> Outcome<()> {
        let (key, value) = (c_string(key)?, c_string(value)?);
        // SAFETY: the options are alive, and copy both texts.
        unsafe { call!(AddSessionConfigEntry(self.as_ptr(), key.as_ptr(), value.as_ptr())) }
    }

    pub(super) fn as_ptr(&self) -> *mut OrtSessionOptions {
        self.0.as_ptr()
    }

    fn cancel(&self) {
        // SAFETY: the options are alive; the call sets a flag that the load looks at.
        let told = unsafe { call!(SessionOptionsSetLoadCancellationFlag(self.as_ptr(), true)) };
        if let Err(fault) = told {
            tracing::warn!(%fault, "a load could not be told to stop");
        }
    }
}

pub(super) fn c_string(text: &str) -> Outcome<CString> {
    CString::new(text).map_err(Fault::wrap)
}

impl Drop for SessionOptions {
    fn drop(&mut self) {
        // SAFETY: made by the library, released once; every load that uses them holds a handle.
        unsafe { (ort::api().ReleaseSessionOptions)(self.0.as_ptr()) };
    }
}

/// Tells a load to stop when dropped.
#[derive(Debug)]
pub(crate) struct CancelLoadOnDrop(pub(crate) Arc<SessionOptions>);

impl Drop for CancelLoadOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
