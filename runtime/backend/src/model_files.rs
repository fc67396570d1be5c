use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::memory::MappedFile;
use crate::{Buffer, Digest};

/// Reads the files of models, and remembers what they hash to.
///
/// A large file is mapped and stays so on its way to the library that loads it, so that it adds nothing to this
/// process' heap. It is hashed once: while its path, size, time of change and inode stay the same, its digest is
/// taken to stay the same too.
#[derive(Debug, Default)]
pub struct ModelFiles(Mutex<HashMap<PathBuf, (Stamp, Digest)>>);

/// Whether the digest of a file may be one that was computed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hashing {
    /// It may, if the file looks unchanged.
    Once,
    /// It may not: someone demands a certain digest, and a file can be changed behind its time of change.
    Anew,
}

/// What changes when a file does.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
    inode: (u64, u64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = {
            use std::os::unix::fs::MetadataExt as _;
            (metadata.dev(), metadata.ino())
        };
        #[cfg(not(unix))]
        let inode = (0, 0);
        Self { size: metadata.len(), modified: metadata.modified().ok(), inode }
    }
}

impl ModelFiles {
    /// From this size on a file is mapped. A smaller one is read, which takes milliseconds and leaves nothing that
    /// could change afterwards; a larger one would cost as much memory again as the device or library needs.
    pub const MAPPED_FROM: u64 = 64 << 20;

    /// The bytes of the file at `path`, and their digest.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn read(&self, path: &Path, hashing: Hashing) -> io::Result<(Buffer, Digest)> {
        let mut file = File::open(path)?;
        let stamp = Stamp::of(&file.metadata()?);
        if stamp.size < Self::MAPPED_FROM {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let digest = Digest::of(&bytes);
            return Ok((Buffer::from(bytes), digest));
        }
        let bytes = Buffer::from_owner(MappedFile::new(file)?);
        let known = || {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(path).filter(|(of, _)| *of == stamp).map(|(_, digest)| *digest)
        };
        let known = (hashing == Hashing::Once).then(known).flatten();
        let digest = known.unwrap_or_else(|| Digest::of(&bytes));
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(path.to_owned(), (stamp, digest));
        Ok((bytes, digest))
    }
}
