use std::any::Any;
use std::fmt;
use std::fs::File;
use std::ops::{Deref, DerefMut, Range};
use std::sync::Arc;

use super::Charge;
use super::block::Block;

/// Memory that someone else allocated and that stays put until it is dropped.
pub trait HostMemory: fmt::Debug + Send + Sync + 'static {
    /// The bytes; the same slice on every call.
    fn bytes(&self) -> &[u8];

    /// The file that the bytes are all of, if they are mapped from one.
    fn file(&self) -> Option<&File> {
        None
    }
}

impl HostMemory for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }
}

impl HostMemory for &'static [u8] {
    fn bytes(&self) -> &[u8] {
        self
    }
}

/// Immutable, shared bytes, all of an allocation or a part of it. Cloning costs a reference count.
#[derive(Clone)]
pub struct Buffer {
    /// Absent only while the buffer is dropped.
    block: Option<Arc<Block>>,
    start: usize,
    len: usize,
}

impl Buffer {
    /// Shares `owner`'s bytes without charging anyone: for model files and tests.
    pub fn from_owner(owner: impl HostMemory) -> Self {
        Self::adopted(owner, None)
    }

    pub(super) fn adopted(owner: impl HostMemory, charge: Option<Charge>) -> Self {
        let block = Block::owned(Box::new(owner), charge);
        let len = block.as_slice().len();
        Self { block: Some(Arc::new(block)), start: 0, len }
    }

    /// The open file that these bytes are all of, for whoever can map it again.
    pub fn file(&self) -> Option<&File> {
        let block = self.block.as_ref()?;
        block.file().filter(|_| self.start == 0 && self.len == block.as_slice().len())
    }

    /// A part of these bytes, shared and not copied, or `None` if `range` is not within them.
    ///
    /// The whole allocation stays, with its charge, until the last part of it is dropped.
    pub fn slice(&self, range: Range<usize>) -> Option<Self> {
        let len = range.end.checked_sub(range.start)?;
        let within = range.end <= self.len;
        within.then(|| Self { block: self.block.clone(), start: self.start + range.start, len })
    }

    /// Has a device make something of the pages that these bytes lie in: lock them in place, for instance, so
    /// that it can copy from them by itself.
    ///
    /// Pages are an [`Arena`](super::Arena)'s and serve one tensor after the other, so `take` is called once
    /// for them, with all of their bytes. What it gives is kept until just before they go back to the system.
    /// Small tensors and memory that someone else allocated have no pages of their own: for them there is
    /// nothing, and nothing too where another device was first.
    pub fn hold<H: Any + Send + Sync>(&self, take: impl FnOnce(&[u8]) -> Option<H>) -> Option<&H> {
        let block = self.block.as_ref()?;
        let pages = block.pages()?;
        let boxed = || take(pages).map(|hold| Box::new(hold) as Box<dyn Any + Send + Sync>);
        block.hold.get_or_init(boxed).as_ref()?.downcast_ref()
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let all = self.block.as_ref().map_or(&[][..], |block| block.as_slice());
        all.get(self.start..self.start + self.len).unwrap_or_default()
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from_owner(bytes)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Some(mut block) = self.block.take() else { return };
        // Two last handles dropped at the same instant may both fail here; the block is then freed
        // instead of pooled, which costs time and nothing else.
        if let Some(unique) = Arc::get_mut(&mut block) {
            unique.charge = None;
            if let Some(home) = unique.home.upgrade() {
                home.put(block);
            }
        }
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({} bytes)", self.len())
    }
}

/// Bytes that one owner may write before sharing them.
pub struct BufferMut(Buffer);

impl BufferMut {
    /// Wraps a block nobody else holds.
    pub(super) fn new(block: Arc<Block>, len: usize) -> Self {
        Self(Buffer { block: Some(block), start: 0, len })
    }

    /// Ends writing and begins sharing.
    pub fn freeze(self) -> Buffer {
        self.0
    }
}

impl Deref for BufferMut {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for BufferMut {
    fn deref_mut(&mut self) -> &mut [u8] {
        let Buffer { block, start, len } = &mut self.0;
        let all = block.as_mut().and_then(Arc::get_mut).map_or(&mut [][..], Block::as_mut_slice);
        all.get_mut(*start..*start + *len).unwrap_or_default()
    }
}

impl fmt::Debug for BufferMut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BufferMut({} bytes)", self.len())
    }
}
