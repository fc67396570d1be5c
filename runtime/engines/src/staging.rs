//! Folders that appear and disappear as a whole.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::InstallError;

/// What unfinished folders begin with.
const PREFIX: &str = ".unfinished-";
const LOCK: &str = ".lock";

/// Makes this the only process that changes `folder`, until the file is dropped. `waiting` is called if
/// another has to end first.
pub(crate) fn lock(folder: &Path, waiting: &mut dyn FnMut()) -> Result<File, InstallError> {
    let path = folder.join(LOCK);
    let fail = |error| InstallError::io("cannot lock", &path, error);
    let file = File::create(&path).map_err(fail)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            waiting();
            file.lock().map_err(fail)?;
            Ok(file)
        }
        Err(TryLockError::Error(error)) => Err(fail(error)),
    }
}

/// An empty folder in `folder` that goes when dropped.
pub(crate) fn begin(folder: &Path) -> Result<TempDir, InstallError> {
    let made = tempfile::Builder::new().prefix(PREFIX).tempdir_in(folder);
    made.map_err(|error| InstallError::io("cannot make a folder in", folder, error))
}

/// Puts `staged` at `place`, over what is there.
pub(crate) fn finish(staged: &Path, place: &Path) -> Result<(), InstallError> {
    if place.exists() {
        discard(place)?;
    }
    fs::rename(staged, place).map_err(|error| InstallError::io("cannot make", place, error))
}

/// Takes a folder away at once, then removes it.
pub(crate) fn discard(place: &Path) -> Result<(), InstallError> {
    let fail = |error| InstallError::io("cannot remove", place, error);
    let away = begin(place.parent().unwrap_or(place))?;
    fs::rename(place, away.path().join("old")).map_err(fail)?;
    away.close().map_err(fail)
}

/// Removes what was left by a process that was cut off. The caller holds the lock.
pub(crate) fn clear(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            // What cannot be removed now is tried again next time.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Bytes of all files below `folder`.
pub(crate) fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |path: PathBuf| match fs::symlink_metadata(&path) {
        Ok(found) if found.is_dir() => size_of(&path),
        Ok(found) => found.len(),
        Err(_) => 0,
    };
    entries.map(|entry| size(entry.path())).sum()
}
