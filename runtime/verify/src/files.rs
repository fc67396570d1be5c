//! Files that are written atomically.

use std::io::Write;
use std::path::Path;

use godwit_backend::{Error, Result};
use serde::Serialize;
use tempfile::NamedTempFile;

/// Writes `bytes` to a temporary file and renames it to `path`.
///
/// # Errors
///
/// `Failed`, naming `what`.
pub(crate) fn write(what: &str, path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let written = || -> std::io::Result<()> {
        let mut file = temporary_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    written().map_err(|error| Error::failed(format!("cannot write {what}")).with_source(error))
}

/// Temporary files are private by default; this one becomes an ordinary file.
fn temporary_in(folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// `value` as indented JSON.
pub(crate) fn json<T: Serialize>(what: &str, value: &T) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|error| Error::internal(format!("{what} is no JSON")).with_source(error))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads a file of at most `most` bytes. Symbolic links are not followed.
///
/// # Errors
///
/// `NotFound` or `Failed` if it cannot be read, `TooLarge` if it is longer.
pub(crate) fn read(what: &str, path: &Path, most: u64) -> Result<Vec<u8>> {
    use std::io::Read;
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::not_found(format!("{what} does not exist")).with_source(error)
        }
        _ => Error::failed(format!("cannot read {what}")).with_source(error),
    };
    let found = std::fs::symlink_metadata(path).map_err(failed)?;
    if !found.is_file() {
        return Err(Error::invalid_argument(format!("{what} is not a regular file")));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(Error::too_large(format!("{what} exceeds the limit of {most} bytes")));
    }
    Ok(bytes)
}
