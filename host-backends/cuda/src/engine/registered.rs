//! Page-locks blocks of the host's arena, so that the GPU reads tensors where they are.

#![allow(unsafe_code, reason = "the driver locks pages by their address")]

use std::ffi::c_void;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cudarc::driver::CudaContext;
use godwit_backend::Buffer;

use crate::driver;

/// The most bytes locked in place: page-locked memory is not available to the rest of the system.
const MOST: usize = 256 << 20;

/// Locks the memory of tensors, once for each block of the arena.
#[derive(Clone)]
pub(crate) struct InPlace {
    context: Arc<CudaContext>,
    locked: Arc<AtomicUsize>,
}

impl InPlace {
    pub(crate) fn new(context: Arc<CudaContext>) -> Self {
        Self { context, locked: Arc::default() }
    }

    /// Locks the pages of `bytes`, if they are not locked. Returns whether they are.
    pub(crate) fn lock(&self, bytes: &Buffer) -> bool {
        bytes.hold(|pages| Registered::new(self.clone(), pages)).is_some()
    }
}

/// Keeps pages locked. Dropped before the pages are returned to the system.
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
        // SAFETY: this value is dropped before the pages are unmapped, and releases them.
        match unsafe { driver::register(&in_place.context, pages) } {
            Ok(()) => {
                let (address, len) = (pages.as_ptr().expose_provenance(), pages.len());
                Some(Self { in_place, address, len })
            }
            Err(error) => {
                in_place.locked.fetch_sub(pages.len(), Ordering::AcqRel);
                tracing::debug!(error = format!("{error:#}"), "cannot lock pages in place");
                None
            }
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let address = std::ptr::with_exposed_provenance_mut::<c_void>(self.address);
        // SAFETY: `new` registered it. Runs wait for their copies before they release a tensor.
        unsafe { driver::release(&self.in_place.context, address) };
        self.in_place.locked.fetch_sub(self.len, Ordering::AcqRel);
    }
}

impl fmt::Debug for InPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InPlace({} bytes locked)", self.locked.load(Ordering::Relaxed))
    }
}
