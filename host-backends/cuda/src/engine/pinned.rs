//! Page-locked host memory, which the GPU accesses directly.

#![allow(unsafe_code, reason = "the driver returns page-locked memory as addresses")]

use std::collections::BTreeMap;
use std::fmt;
use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cudarc::driver::CudaContext;
use godwit_backend::{Error, HostMemory, Result};

use crate::driver;
use crate::fault::explain;

/// Up to this, slabs are powers of two; beyond, multiples of it.
const STEP: usize = 1 << 20;
const LEAST: usize = 4096;

/// The most bytes kept for reuse: page-locked memory is not available to the rest of the system.
const RETAINED: usize = 256 << 20;

/// A pool of page-locked memory.
#[derive(Clone)]
pub(crate) struct Pinned(Arc<Pool>);

struct Pool {
    context: Arc<CudaContext>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    slabs: BTreeMap<usize, Vec<Slab>>,
    bytes: usize,
}

/// Page-locked memory, freed by its pool.
struct Slab {
    address: *mut u8,
    capacity: usize,
    /// The budget that used it last.
    owner: u64,
}

// SAFETY: a slab is plain memory, which only its holder accesses.
unsafe impl Send for Slab {}
// SAFETY: a shared slab only reads the memory.
unsafe impl Sync for Slab {}

impl Pinned {
    pub(crate) fn new(context: Arc<CudaContext>) -> Self {
        Self(Arc::new(Pool { context, waiting: Mutex::default() }))
    }

    /// `len` bytes: zeros, or data of the same budget.
    pub(crate) fn take(&self, len: usize, owner: u64) -> Result<Locked> {
        let capacity =
            capacity_for(len).ok_or_else(|| Error::too_large("the tensor is too large"))?;
        let mut slab = match self.0.get(capacity) {
            Some(slab) => slab,
            None => self.0.fresh(capacity)?,
        };
        if slab.owner != owner {
            slab.bytes_mut().fill(0);
            slab.owner = owner;
        }
        Ok(Locked { slab: Some(slab), len, pool: self.clone() })
    }
}

fn capacity_for(len: usize) -> Option<usize> {
    if len <= STEP {
        return Some(len.max(LEAST).next_power_of_two());
    }
    len.checked_next_multiple_of(STEP).filter(|&size| isize::try_from(size).is_ok())
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, capacity: usize) -> Option<Slab> {
        let mut waiting = self.lock();
        let slab = waiting.slabs.get_mut(&capacity)?.pop()?;
        waiting.bytes -= capacity;
        Some(slab)
    }

    fn fresh(&self, capacity: usize) -> Result<Slab> {
        let address = driver::lock_pages(&self.context, capacity).map_err(|error| {
            let otherwise = Error::out_of_memory("cannot allocate page-locked memory");
            explain(format!("{error:#}"), otherwise)
        })?;
        // No budget has id 0: the memory is cleared for the first one.
        Ok(Slab { address, capacity, owner: 0 })
    }

    fn put(&self, slab: Slab) {
        let mut waiting = self.lock();
        if waiting.bytes.saturating_add(slab.capacity) <= RETAINED {
            waiting.bytes += slab.capacity;
            waiting.slabs.entry(slab.capacity).or_default().push(slab);
        } else {
            drop(waiting);
            self.free(&slab);
        }
    }

    fn free(&self, slab: &Slab) {
        // SAFETY: slabs come from `lock_pages` and are freed when they have no holder, who waits for copies from
        // and to them.
        unsafe { driver::unlock_pages(&self.context, slab.address) }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let waiting = std::mem::take(&mut *self.lock());
        waiting.slabs.into_values().flatten().for_each(|slab| self.free(&slab));
    }
}

impl Slab {
    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the slab owns `capacity` bytes, mapped by the driver, and is borrowed mutably.
        unsafe { slice::from_raw_parts_mut(self.address, self.capacity) }
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: as above, for reading.
        unsafe { slice::from_raw_parts(self.address, self.capacity) }
    }
}

/// Page-locked bytes, returned to the pool when dropped.
pub(crate) struct Locked {
    slab: Option<Slab>,
    len: usize,
    pool: Pinned,
}

impl Locked {
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        let len = self.len;
        let all = self.slab.as_mut().map(Slab::bytes_mut);
        all.and_then(|all| all.get_mut(..len)).unwrap_or_default()
    }
}

impl HostMemory for Locked {
    fn bytes(&self) -> &[u8] {
        let all = self.slab.as_ref().map(Slab::bytes);
        all.and_then(|all| all.get(..self.len)).unwrap_or_default()
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if let Some(slab) = self.slab.take() {
            self.pool.0.put(slab);
        }
    }
}

impl fmt::Debug for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pinned({} bytes waiting)", self.0.lock().bytes)
    }
}

impl fmt::Debug for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Locked({} bytes)", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::capacity_for;

    #[test]
    fn few_sizes_when_small_and_little_waste_when_large() {
        let sizes = [0, 1, 5000, (1 << 20) + 1, 3 << 20].map(|len| capacity_for(len).unwrap());
        assert_eq!(sizes, [4096, 4096, 8192, 2 << 20, 3 << 20]);
        assert_eq!(capacity_for(usize::MAX), None);
    }
}
