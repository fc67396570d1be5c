use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::block::{Block, LINE};
use super::{Budget, BufferMut};
use crate::{Error, Result};

/// Below this, blocks come in powers of two; above, in whole pages.
const PAGE: usize = 4096;

/// Kept for reuse unless the arena is made with another figure.
const DEFAULT_RETAINED: usize = 256 << 20;

/// A pool of blocks shared by every tenant of a process. Clones share the pool.
#[derive(Debug, Clone)]
pub struct Arena(Arc<Pool>);

/// How an arena has been used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ArenaStats {
    /// Blocks taken from the system.
    pub allocated: u64,
    /// Blocks taken from the pool.
    pub reused: u64,
    /// Bytes in the pool, waiting.
    pub retained: usize,
}

#[derive(Debug)]
pub(super) struct Pool {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Waiting blocks by capacity.
    waiting: BTreeMap<usize, BinaryHeap<Waiting>>,
    stats: ArenaStats,
}

/// The same block comes first always, whichever came back last: a caller whose runs take the same sizes in the
/// same order has each tensor where it had the last one, and a library that keeps addresses can keep them.
#[derive(Debug)]
struct Waiting(Arc<Block>);

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        Arc::as_ptr(&other.0).cmp(&Arc::as_ptr(&self.0))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}

impl Default for Arena {
    fn default() -> Self {
        Self::new(DEFAULT_RETAINED)
    }
}

impl Arena {
    /// An arena that keeps at most `retained` bytes for reuse.
    pub fn new(retained: usize) -> Self {
        Self(Arc::new(Pool { limit: retained, state: Mutex::default() }))
    }

    /// How it has been used.
    pub fn stats(&self) -> ArenaStats {
        self.0.lock().stats
    }

    /// A block of at least `len` bytes, charged at its capacity.
    pub(super) fn take(&self, len: usize, budget: &Budget) -> Result<BufferMut> {
        let capacity = capacity_for(len)
            .ok_or_else(|| Error::too_large(format!("{len} bytes are too many")))?;
        let charge = budget.charge(capacity as u64)?;
        let mut block = match self.0.get(capacity) {
            Some(waiting) => waiting,
            None => Arc::new(Block::zeroed(capacity, Arc::downgrade(&self.0))?),
        };
        if let Some(block) = Arc::get_mut(&mut block) {
            if block.owner != 0 && block.owner != budget.id() {
                block.as_mut_slice().fill(0);
            }
            block.owner = budget.id();
            block.charge = Some(charge);
        }
        Ok(BufferMut::new(block, len))
    }
}

/// The block size that serves `len`: few sizes when small, little waste when large.
fn capacity_for(len: usize) -> Option<usize> {
    match len {
        0..=LINE => Some(LINE),
        _ if len <= PAGE => Some(len.next_power_of_two()),
        _ => len.checked_next_multiple_of(PAGE).filter(|&size| isize::try_from(size).is_ok()),
    }
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under the lock is complete before anything in it can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, capacity: usize) -> Option<Arc<Block>> {
        let mut state = self.lock();
        let block = state.waiting.get_mut(&capacity).and_then(BinaryHeap::pop);
        match &block {
            Some(_) => {
                state.stats.reused += 1;
                state.stats.retained -= capacity;
            }
            None => state.stats.allocated += 1,
        }
        block.map(|Waiting(block)| block)
    }

    /// Takes a block back. When the pool is full, blocks of other sizes make room: the size just used is
    /// the one most likely to be asked for next.
    pub(super) fn put(&self, block: Arc<Block>) {
        let capacity = block.capacity();
        if capacity == 0 || capacity > self.limit {
            return;
        }
        let mut evicted = Vec::new();
        let mut state = self.lock();
        while state.stats.retained + capacity > self.limit {
            let other = state
                .waiting
                .iter_mut()
                .rev()
                .filter(|(size, _)| **size != capacity)
                .find_map(|(size, blocks)| blocks.pop().map(|block| (*size, block)));
            let Some((size, other)) = other else { return };
            state.stats.retained -= size;
            evicted.push(other);
        }
        state.stats.retained += capacity;
        state.waiting.entry(capacity).or_default().push(Waiting(block));
        drop(state);
        // `evicted` is freed here, outside the lock.
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Memory};

    fn memory(arena: &Arena) -> Memory {
        Memory::new(arena.clone(), Budget::new("tensors", 1 << 20))
    }

    #[test]
    fn a_block_is_reused_and_aligned() {
        let memory = memory(&Arena::default());
        let first = memory.copy_from(&[7; 5000]).unwrap();
        let address = first.as_ptr();
        assert_eq!(address.align_offset(LINE), 0);
        drop(first);
        let second = memory.copy_from(&[8; 6000]).unwrap();
        assert_eq!(second.as_ptr(), address);
        assert!(second.iter().all(|&byte| byte == 8));
        let stats = memory.arena().stats();
        assert_eq!((stats.allocated, stats.reused), (1, 1));
    }

    #[test]
    fn runs_that_are_alike_find_their_tensors_where_they_were() {
        let memory = memory(&Arena::default());
        let run = |first_in_is_first_out: bool| {
            let tensors = [5000, 5001, 5002].map(|len| memory.writable(len).unwrap());
            let places = tensors.each_ref().map(|tensor| tensor.as_ptr().addr());
            let [a, b, c] = tensors;
            drop(if first_in_is_first_out { [a, b, c] } else { [c, a, b] });
            places
        };
        let first = run(true);
        let mut sorted = first;
        sorted.sort_unstable();
        for order in [true, false, true] {
            let mut places = run(order);
            assert_eq!(places, run(order));
            places.sort_unstable();
            assert_eq!(places, sorted);
        }
    }

    #[test]
    fn another_tenant_finds_zeros() {
        let arena = Arena::default();
        drop(memory(&arena).copy_from(&[7; 100]).unwrap());
        let other = memory(&arena).writable(100).unwrap();
        assert!(other.iter().all(|&byte| byte == 0));
        assert_eq!(arena.stats().reused, 1);
    }

    #[test]
    fn the_charge_lasts_as_long_as_the_last_clone() {
        let memory = memory(&Arena::default());
        let buffer = memory.copy_from(&[1; 100]).unwrap();
        let clone = buffer.clone();
        drop(buffer);
        assert_eq!(memory.budget().used(), 128);
        drop(clone);
        assert_eq!(memory.budget().used(), 0);
        let adopted = memory.adopt(vec![0u8; 33]).unwrap();
        assert_eq!(memory.budget().used(), 33);
        drop(adopted);
        assert_eq!(memory.budget().used(), 0);
    }

    #[test]
    fn no_more_is_retained_than_asked() {
        let memory = memory(&Arena::new(8192));
        let (a, b, c) = (memory.writable(8192), memory.writable(4096), memory.writable(4096));
        drop((a.unwrap(), b.unwrap(), c.unwrap()));
        assert_eq!(memory.arena().stats().retained, 8192);
        drop(memory.writable(10_000).unwrap());
        assert_eq!(memory.arena().stats().retained, 8192);
    }

    #[test]
    fn what_a_device_makes_of_pages_lasts_as_long_as_they_do() {
        struct Held(Arc<Mutex<Vec<usize>>>);
        impl Drop for Held {
            fn drop(&mut self) {
                self.0.lock().unwrap().push(0);
            }
        }
        let events = Arc::new(Mutex::new(Vec::new()));
        let hold = |buffer: &crate::Buffer| {
            let held = buffer.hold(|pages| {
                assert_eq!(pages.as_ptr().addr() % PAGE, 0);
                events.lock().unwrap().push(pages.len());
                Some(Held(events.clone()))
            });
            held.is_some()
        };
        let memory = memory(&Arena::new(100_000));
        let buffer = memory.copy_from(&[7; 70_000]).unwrap();
        assert!(hold(&buffer) && hold(&buffer.clone()));
        drop(buffer);
        let again = memory.copy_from(&[8; 69_999]).unwrap();
        assert!(hold(&again), "the block that was held serves again");
        assert_eq!(*events.lock().unwrap(), [73_728]);
        // Another size pushes it out of the pool.
        drop(again);
        drop(memory.copy_from(&[9; 90_000]).unwrap());
        assert_eq!(*events.lock().unwrap(), [73_728, 0]);
        // What has no pages of its own is not offered.
        assert!(!hold(&memory.copy_from(&[1; 5000]).unwrap()));
        assert!(!hold(&crate::Buffer::from(vec![0; 100_000])));
        // Who declines is not asked again.
        let declined = memory.copy_from(&[1; 70_000]).unwrap();
        assert!(declined.hold(|_| None::<Held>).is_none());
        assert!(!hold(&declined));
    }

    #[test]
    fn an_absurd_length_is_an_error() {
        let error = Memory::unlimited().writable(usize::MAX).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }
}
