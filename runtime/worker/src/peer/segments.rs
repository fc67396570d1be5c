//! Segments of shared memory: lent with a message, given back by its reader, used again.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::mapping::Mapping;
use super::outbox::{Outbox, Packet};
use super::tag;
use crate::lock::lock;
use crate::wire::Span;

/// Segments come in powers of two from the least on, and in whole multiples of the step above it.
const LEAST: usize = 64 << 10;
const STEP: usize = 1 << 20;

/// Bytes that wait for their next use, at most.
const RETAINED: usize = 64 << 20;

/// What vector units and devices like.
const ALIGNMENT: usize = 64;

/// The segments of one side.
#[derive(Debug)]
pub(super) struct SegmentPool {
    outbox: Arc<Outbox>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    waiting: BTreeMap<usize, Vec<Segment>>,
    waiting_bytes: usize,
    /// With the spans that are still to be given back.
    lent: HashMap<u64, (Segment, usize)>,
}

#[derive(Debug)]
struct Segment {
    id: u64,
    mapping: Mapping,
}

impl SegmentPool {
    pub(super) fn new(outbox: Arc<Outbox>) -> Self {
        Self { outbox, state: Mutex::default() }
    }

    pub(super) fn lease(pool: &Arc<Self>, len: usize) -> io::Result<Lease> {
        let capacity = capacity_for(len).ok_or(io::ErrorKind::OutOfMemory)?;
        let segment = match pool.waiting(capacity) {
            Some(segment) => segment,
            None => pool.fresh(capacity)?,
        };
        Ok(Lease { pool: pool.clone(), segment: Some(segment), used: 0, spans: 0 })
    }

    fn waiting(&self, capacity: usize) -> Option<Segment> {
        let mut state = self.lock();
        let segment = state.waiting.get_mut(&capacity)?.pop()?;
        state.waiting_bytes -= capacity;
        Some(segment)
    }

    fn fresh(&self, capacity: usize) -> io::Result<Segment> {
        let (mapping, file) = Mapping::create(capacity)?;
        let id = {
            let mut state = self.lock();
            state.next += 1;
            state.next
        };
        self.outbox.send(numbered(tag::NEW_SEGMENT, id, Some(file)));
        Ok(Segment { id, mapping })
    }

    /// The other side has read one of the spans that were lent to it.
    pub(super) fn take_back(&self, id: u64) {
        let mut state = self.lock();
        let Some((_, spans)) = state.lent.get_mut(&id) else { return };
        *spans -= 1;
        if *spans > 0 {
            return;
        }
        let back = state.lent.remove(&id);
        drop(state);
        back.into_iter().for_each(|(segment, _)| self.put(segment));
    }

    fn put(&self, segment: Segment) {
        let capacity = segment.mapping.len();
        let mut state = self.lock();
        if state.waiting_bytes.saturating_add(capacity) <= RETAINED {
            state.waiting_bytes += capacity;
            state.waiting.entry(capacity).or_default().push(segment);
        } else {
            drop(state);
            self.outbox.send(numbered(tag::FORGET, segment.id, None));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn capacity_for(len: usize) -> Option<usize> {
    if len <= STEP {
        return Some(len.max(LEAST).next_power_of_two());
    }
    len.checked_next_multiple_of(STEP).filter(|&size| isize::try_from(size).is_ok())
}

fn numbered(tag: u8, id: u64, file: Option<std::os::fd::OwnedFd>) -> Packet {
    let bytes = std::iter::once(tag).chain(id.to_le_bytes()).collect();
    Packet { bytes, file }
}

/// A segment that is being filled. The other side sees none of it before it is lent.
#[derive(Debug)]
pub(crate) struct Lease {
    pool: Arc<SegmentPool>,
    segment: Option<Segment>,
    used: usize,
    spans: usize,
}

impl Lease {
    /// Room that tensors of these lengths take.
    pub(crate) fn room(lens: impl IntoIterator<Item = usize>) -> Option<usize> {
        let padded = |len: usize| len.max(1).checked_next_multiple_of(ALIGNMENT);
        lens.into_iter().try_fold(0usize, |sum, len| sum.checked_add(padded(len)?))
    }

    /// Copies `bytes` into it.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> io::Result<Span> {
        let segment = self.segment.as_mut().ok_or(io::ErrorKind::InvalidInput)?;
        let offset = self.used;
        segment.mapping.write(offset, bytes)?;
        self.used = Self::room([bytes.len()])
            .and_then(|len| offset.checked_add(len))
            .ok_or(io::ErrorKind::InvalidInput)?;
        self.spans += 1;
        Ok(Span { segment: segment.id, offset, len: bytes.len() })
    }

    /// Lends it with the message that is sent next.
    pub(crate) fn lend(mut self) {
        if let Some(segment) = self.segment.take().filter(|_| self.spans > 0) {
            self.pool.lock().lent.insert(segment.id, (segment, self.spans));
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(segment) = self.segment.take() {
            self.pool.put(segment);
        }
    }
}

/// Bytes of the other side's, borrowed until this is dropped.
#[derive(Debug)]
pub(crate) struct Loaned {
    mapping: Arc<Mapping>,
    offset: usize,
    len: usize,
    pub(super) segment: u64,
    outbox: Arc<Outbox>,
}

impl Loaned {
    pub(super) fn new(mapping: Arc<Mapping>, span: &Span, outbox: Arc<Outbox>) -> Option<Self> {
        let &Span { segment, offset, len } = span;
        offset.checked_add(len).filter(|&end| end <= mapping.len())?;
        Some(Self { mapping, offset, len, segment, outbox })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Copies as many as `bytes` takes.
    pub(crate) fn copy_to(&self, bytes: &mut [u8]) {
        let len = bytes.len().min(self.len);
        self.mapping.read(self.offset, bytes.get_mut(..len).unwrap_or_default());
    }

    /// The bytes where they are.
    ///
    /// # Safety
    ///
    /// The other side must keep the protocol: it writes nothing that it has lent.
    #[allow(unsafe_code, reason = "the other side is another process")]
    pub(crate) unsafe fn bytes(&self) -> &[u8] {
        // SAFETY: the caller's promise.
        unsafe { self.mapping.bytes(self.offset..self.offset + self.len) }
    }
}

impl Drop for Loaned {
    fn drop(&mut self) {
        self.outbox.give_back(self.segment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_for_tensors_that_begin_on_lines_of_their_own() {
        assert_eq!(Lease::room([0, 1, 64, 65]), Some(64 + 64 + 64 + 128));
        assert_eq!(Lease::room([usize::MAX]), None);
        assert_eq!(Lease::room([usize::MAX / 2, usize::MAX / 2 + 9]), None);
    }

    #[test]
    fn few_sizes_when_small_and_little_waste_when_large() {
        let sizes = [0, 65_537, STEP + 1].map(|len| capacity_for(len).unwrap());
        assert_eq!(sizes, [LEAST, 2 * LEAST, 2 * STEP]);
        assert_eq!(capacity_for(usize::MAX), None);
    }
}
