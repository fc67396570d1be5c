//! Memory that a worker process writes at any time, and its host reads.
//!
//! The host stays sound by four rules. It maps only files that it made itself, sealed against shrinking. It makes no
//! reference to what lies there, but for atomics. What decides anything is read once and compared with the host's
//! own record. And bytes are only ever copied, by code that the compiler cannot see through, so that it neither
//! reads twice nor assumes that nothing changes.

#![allow(unsafe_code, reason = "what another process sees too has no Rust owner")]

use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::AtomicU32;
use std::{fmt, io, slice};

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fstat, ftruncate, memfd_create};

/// A file in memory that can neither shrink nor grow: one that shrinks under a reader ends its process.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

pub(crate) struct SharedMemory(MmapRaw);

impl SharedMemory {
    /// `len` zeros, and the file by which another process sees them.
    pub(crate) fn create(len: usize) -> io::Result<(Self, OwnedFd)> {
        let file = memfd_create("godwit", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&file, len.max(1) as u64)?;
        fcntl_add_seals(&file, SEALS)?;
        Ok((Self(MmapRaw::map_raw(&file)?), file))
    }

    /// Maps what the host has made: for the worker.
    pub(crate) fn of_the_host(file: impl AsFd) -> io::Result<Self> {
        let file = file.as_fd();
        MmapOptions::new().len(length(file)?).map_raw(&file).map(Self)
    }

    /// Maps a file that the host has opened, or made, to be read alone: for the worker.
    pub(crate) fn to_read(file: impl AsFd) -> io::Result<Self> {
        let file = file.as_fd();
        MmapOptions::new().len(length(file)?).map_raw_read_only(&file).map(Self)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn check(&self, offset: usize, len: usize) -> io::Result<()> {
        let end = offset.checked_add(len).filter(|&end| end <= self.len());
        end.map(|_| ()).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// The word at `offset`, a multiple of four.
    pub(crate) fn word(&self, offset: usize) -> io::Result<&AtomicU32> {
        self.check(offset, size_of::<u32>())?;
        if !offset.is_multiple_of(align_of::<u32>()) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: inside the mapping, which begins on a page, and aligned. An atomic may be written by others.
        Ok(unsafe { AtomicU32::from_ptr(self.0.as_mut_ptr().add(offset).cast()) })
    }

    /// Puts `bytes` at `offset`.
    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        self.check(offset, bytes.len())?;
        // SAFETY: both ranges are mapped, and the target is outside every Rust allocation.
        unsafe { copy(bytes.as_ptr(), self.0.as_mut_ptr().add(offset), bytes.len()) };
        Ok(())
    }

    /// Fills `bytes` from `offset` on. What the other side writes meanwhile may be in it or not.
    pub(crate) fn read(&self, offset: usize, bytes: &mut [u8]) -> io::Result<()> {
        self.check(offset, bytes.len())?;
        // SAFETY: both ranges are mapped, and `bytes` is ours alone.
        unsafe { copy(self.0.as_ptr().add(offset), bytes.as_mut_ptr(), bytes.len()) };
        Ok(())
    }

    /// The bytes where they are: for the worker, whose library wants a pointer.
    ///
    /// # Safety
    ///
    /// The host must not write them as long as they are borrowed.
    pub(crate) unsafe fn bytes(&self, range: Range<usize>) -> &[u8] {
        if range.start > range.end || range.end > self.len() {
            return &[];
        }
        // SAFETY: the range is inside the mapping; the caller vouches for the host.
        unsafe { slice::from_raw_parts(self.0.as_ptr().add(range.start), range.len()) }
    }
}

fn length(file: BorrowedFd<'_>) -> io::Result<usize> {
    let len = usize::try_from(fstat(file)?.st_size).unwrap_or_default();
    if len == 0 { Err(io::ErrorKind::InvalidData.into()) } else { Ok(len) }
}

/// # Safety
///
/// Both ranges are mapped and do not overlap.
unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the caller's promise; the direction flag is clear by the calling convention.
    unsafe {
        std::arch::asm!(
            "rep movsb",
            inout("rcx") len => _,
            inout("rsi") from => _,
            inout("rdi") to => _,
            options(nostack, preserves_flags)
        );
    }
    #[cfg(not(target_arch = "x86_64"))]
    // SAFETY: the caller's promise. Volatile accesses are neither repeated nor left out.
    unsafe {
        for index in 0..len {
            to.add(index).write_volatile(from.add(index).read_volatile());
        }
    }
}

impl fmt::Debug for SharedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedMemory({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_is_touched() {
        let (memory, _file) = SharedMemory::create(8192).unwrap();
        memory.write(8190, &[1, 2]).unwrap();
        let mut two = [0; 2];
        memory.read(8190, &mut two).unwrap();
        assert_eq!(two, [1, 2]);
        for offset in [8191, 8192, usize::MAX] {
            assert!(
                memory.write(offset, &[1, 2]).is_err() && memory.read(offset, &mut two).is_err()
            );
        }
        assert!(memory.word(8192).is_err() && memory.word(2).is_err() && memory.word(8188).is_ok());
    }

    #[test]
    fn a_file_of_the_hosts_cannot_be_shortened() {
        let (memory, file) = SharedMemory::create(4096).unwrap();
        assert!(ftruncate(&file, 0).is_err() && ftruncate(&file, 1 << 40).is_err());
        let there = SharedMemory::of_the_host(&file).unwrap();
        there.write(7, b"seen").unwrap();
        let mut seen = [0; 4];
        memory.read(7, &mut seen).unwrap();
        assert_eq!(&seen, b"seen");
    }
}
