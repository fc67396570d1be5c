//! Page-locked pages of the host's arena, which the GPU copies from where they are.

#![allow(unsafe_code, reason = "the driver locks pages by their address")]

use std::ffi::c_void;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cudarc::driver::CudaContext;
use godwit_backend::Buffer;

use crate::driver;

/// Bytes that are locked in place at one time, at most: locked memory is taken from everybody.
const MOST: usize = 256 << 20;

/// Locks what tensors lie in, once for each block of the arena.
#[derive(Clone)]
pub(crate) struct InPlace {
    context: Arc<CudaContext>,
    locked: Arc<AtomicUsize>,
}

impl InPlace {
    pub(crate) fn new(context: Arc<CudaContext>) -> Self {
        Self { context, locked: Arc::default() }
    }

    /// Whether the bytes lie in locked pages, which are locked if they can be.
    pub(crate) fn lock(&self, bytes: &Buffer) -> bool {
        bytes.hold(|pages| Registered::new(self.clone(), pages)).is_some()
    }
}

/// Pages that are locked until this is dropped, which is before they go back to the system.
struct Registered {
    in_place: InPlace,
    address: usize,
    len: usize,
}

impl Registered {
    fn new(in_place: InPlace, pages: &[u8]) -> Option<Self> {
        let within = |locked: usize| locked.checked_add(pages.len()).filter(|sum| *sum <= MOST);
        let locked = &in_place.locked;
        locked.fetch_update(Ordering::AcqRel, Ordering::Acquire, within).ok()?;
        // SAFETY: whoever holds pages is dropped before they are unmapped, and releases them.
        match unsafe { driver::register(&in_place.context, pages) } {
            Ok(()) => {
                let (address, len) = (pages.as_ptr().expose_provenance(), pages.len());
                Some(Self { in_place, address, len })
            }
            Err(error) => {
                in_place.locked.fetch_sub(pages.len(), Ordering::AcqRel);
                tracing::debug!(error = format!("{error:#}"), "pages were not locked in place");
                None
            }
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let address = std::ptr::with_exposed_provenance_mut::<c_void>(self.address);
        // SAFETY: `new` registered it. Runs wait for their copies before they let go of a tensor.
        unsafe { driver::release(&self.in_place.context, address) };
        self.in_place.locked.fetch_sub(self.len, Ordering::AcqRel);
    }
}

impl fmt::Debug for InPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InPlace({} bytes locked)", self.locked.load(Ordering::Relaxed))
    }
}
