//! Machine code that is kept between processes.
//!
//! Whoever can write to the folder must not be able to run code in this process, so every entry carries a MAC made with
//! the host's key over the program's digest and its machine code.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use wasmtime::Engine;

use super::Compiled;
use crate::{Key, sealed};

/// Bytes that a folder holds before the oldest entries are removed.
const MOST_KEPT: u64 = 1 << 30;

/// Bytes of an entry. A larger one is not kept.
const LARGEST: u64 = 256 << 20;

const DIGEST: usize = 32;

/// A folder in which compiled programs are kept, and the key by which a host recognises its own.
#[derive(Debug, Clone)]
pub struct Cache {
    /// The folder, which has to exist.
    pub folder: PathBuf,
    /// The host's secret.
    pub key: Key,
}

impl Cache {
    /// The machine code of `wasm`, if it was kept, is unaltered, and is for `engine`.
    pub(super) fn find(&self, engine: &Engine, wasm: &[u8]) -> Option<Compiled> {
        let digest = digest(wasm);
        let entry = read(&self.entry(&digest)).ok()?;
        match sealed::open_for(&self.key, &digest, &entry) {
            Ok(native) => match native.load(engine) {
                Ok(compiled) => Some(compiled),
                Err(error) => {
                    tracing::debug!(error = %error.report(), "a kept program is of another version");
                    None
                }
            },
            Err(error) => {
                tracing::warn!(error = %error.report(), "a kept program was altered, or is another host's");
                None
            }
        }
    }

    /// Keeps the machine code of `wasm`. Without it, the program is compiled anew each time, nothing worse.
    pub(super) fn keep(&self, wasm: &[u8], compiled: &Compiled) {
        if let Err(error) = self.try_keep(wasm, compiled) {
            tracing::info!(%error, folder = %self.folder.display(), "a compiled program is not kept");
        }
    }

    fn try_keep(&self, wasm: &[u8], compiled: &Compiled) -> io::Result<()> {
        let digest = digest(wasm);
        let native = compiled.serialize().map_err(io::Error::other)?;
        let entry = sealed::seal_for(&self.key, &digest, &native).map_err(io::Error::other)?;
        if entry.len() as u64 > LARGEST {
            return Err(io::Error::other("it is too large"));
        }
        self.make_room(entry.len() as u64)?;
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(&entry)?;
        file.persist(self.entry(&digest)).map_err(|error| error.error)?;
        Ok(())
    }

    fn entry(&self, digest: &[u8; DIGEST]) -> PathBuf {
        let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(name).with_extension("cwasm")
    }

    /// Removes the oldest entries until `more` bytes fit.
    fn make_room(&self, more: u64) -> io::Result<()> {
        let mut entries: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_file() && entry.path().extension().is_some_and(|end| end == "cwasm") {
                entries.push((metadata.modified()?, metadata.len(), entry.path()));
            }
        }
        entries.sort();
        let mut kept: u64 = entries.iter().map(|(_, len, _)| len).sum();
        for (_, len, path) in entries {
            if kept.saturating_add(more) <= MOST_KEPT {
                break;
            }
            // Another process may have been first.
            let _ = fs::remove_file(path);
            kept = kept.saturating_sub(len);
        }
        Ok(())
    }
}

fn digest(wasm: &[u8]) -> [u8; DIGEST] {
    Sha256::digest(wasm).into()
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::compile_config;

    const WASM: &[u8] = b"\0asm\x01\0\0\0";
    const OTHER: &[u8] = b"\0asm\x01\0\0\0\0\x02\x01a";

    #[test]
    fn only_what_this_host_kept_for_this_program_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let cache =
            |byte| Cache { folder: folder.path().to_owned(), key: Key::from_bytes([byte; 32]) };
        let engine = Engine::new(&compile_config()).unwrap();
        let mine = cache(1);
        assert!(mine.find(&engine, WASM).is_none());
        mine.keep(WASM, &Compiled::new(&engine, WASM).unwrap());
        assert!(mine.find(&engine, WASM).is_some());
        assert!(cache(2).find(&engine, WASM).is_none(), "the entry of another host was taken");

        // A right entry under the name of another program.
        let entry = mine.entry(&digest(WASM));
        fs::copy(&entry, mine.entry(&digest(OTHER))).unwrap();
        assert!(mine.find(&engine, OTHER).is_none(), "the entry of another program was taken");

        let honest = fs::read(&entry).unwrap();
        for position in [9, 45, honest.len() / 2, honest.len() - 1] {
            let mut altered = honest.clone();
            altered[position] ^= 1;
            fs::write(&entry, altered).unwrap();
            assert!(mine.find(&engine, WASM).is_none(), "altered at {position}");
        }
        fs::write(&entry, &honest[..honest.len() - 1]).unwrap();
        assert!(mine.find(&engine, WASM).is_none());
        fs::write(&entry, honest).unwrap();
        assert!(mine.find(&engine, WASM).is_some());
    }

    #[test]
    fn the_oldest_entries_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { folder: folder.path().to_owned(), key: Key::from_bytes([1; 32]) };
        let entry = |name: &str, age: u64| {
            let file = File::create(folder.path().join(name).with_extension("cwasm")).unwrap();
            file.set_len(MOST_KEPT / 2).unwrap();
            let then = SystemTime::now() - std::time::Duration::from_secs(age);
            file.set_modified(then).unwrap();
        };
        entry("new", 1);
        entry("old", 100);
        cache.make_room(1).unwrap();
        let left: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["new.cwasm"]);
    }
}
