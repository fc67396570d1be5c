#![allow(unsafe_code, reason = "maps a file, which others might shorten")]

use std::fs::File;
use std::io;

use memmap2::Mmap;

use super::HostMemory;

/// A file's bytes where the system keeps them: they are no heap of this process, a page is read when it is first
/// looked at, and the system may take it back whenever memory is short.
///
/// The file must not be made shorter while it is mapped, or reading what is gone ends the process; whoever
/// replaces a model writes a new file and renames it. Map what the operator of this host names, and nothing that
/// a guest or a stranger can write to.
#[derive(Debug)]
pub struct MappedFile {
    map: Mmap,
    file: File,
}

impl MappedFile {
    /// Maps all of `file`.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn new(file: File) -> io::Result<Self> {
        // SAFETY: the bytes are read alone, and the file is one that nobody shortens.
        let map = unsafe { Mmap::map(&file) }?;
        Ok(Self { map, file })
    }
}

impl HostMemory for MappedFile {
    fn bytes(&self) -> &[u8] {
        &self.map
    }

    fn file(&self) -> Option<&File> {
        Some(&self.file)
    }
}
