//! Memory that two processes see.

#![allow(unsafe_code, reason = "what another process sees too has no Rust owner")]

use std::fmt;
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::{ptr, slice};

use memmap2::MmapRaw;
use rustix::fs::{
    MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create,
};

/// A file in memory that can neither shrink nor grow: one that shrinks under a reader ends its process.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

pub(crate) struct Mapping(MmapRaw);

impl Mapping {
    /// `len` zeros, and the file by which another process sees them.
    pub(super) fn create(len: usize) -> io::Result<(Self, OwnedFd)> {
        let file = memfd_create("godwit", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&file, len as u64)?;
        fcntl_add_seals(&file, SEALS)?;
        Ok((Self(MmapRaw::map_raw(&file)?), file))
    }

    /// That of another process.
    pub(super) fn of(file: &OwnedFd) -> io::Result<Self> {
        let is_sealed = fcntl_get_seals(file)?.contains(SEALS);
        if !is_sealed || fstat(file)?.st_size <= 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        MmapRaw::map_raw(file).map(Self)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn holds(&self, range: &Range<usize>) -> bool {
        range.start <= range.end && range.end <= self.len()
    }

    /// Puts `bytes` at `offset`.
    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        let end = offset.checked_add(bytes.len()).ok_or(io::ErrorKind::InvalidInput)?;
        if !self.holds(&(offset..end)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: the range is inside the mapping. The other side reads nothing of it before it is lent.
        unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), self.0.as_mut_ptr().add(offset), bytes.len());
        }
        Ok(())
    }

    /// Copies from `offset` on, and not a byte beyond the end. What the other side writes meanwhile may be in it
    /// or not.
    pub(super) fn read(&self, offset: usize, bytes: &mut [u8]) {
        let len = bytes.len().min(self.len().saturating_sub(offset));
        // SAFETY: the range is inside the mapping, and `bytes` is ours alone.
        unsafe { ptr::copy_nonoverlapping(self.0.as_ptr().add(offset), bytes.as_mut_ptr(), len) }
    }

    /// The bytes where they are.
    ///
    /// # Safety
    ///
    /// The other side must not write them as long as they are borrowed.
    pub(super) unsafe fn bytes(&self, range: Range<usize>) -> &[u8] {
        if !self.holds(&range) {
            return &[];
        }
        // SAFETY: the range is inside the mapping; the caller vouches for the other side.
        unsafe { slice::from_raw_parts(self.0.as_ptr().add(range.start), range.len()) }
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mapping({} bytes)", self.len())
    }
}
