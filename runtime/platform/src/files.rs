//! Reading and writing files that a person named.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::LazyLock;

use godwit_backend::{Buffer, Digest, Hashing, ModelFiles, nearest};
use tempfile::NamedTempFile;

use crate::{PlatformError, PlatformErrorKind, Result};

/// The bytes of a file that an argument names. `what` says what the file is to the user.
///
/// # Errors
///
/// `File`, with the nearest name in the folder if there is none of this name.
pub fn read(what: &str, path: &Path) -> Result<Vec<u8>> {
    read_by(what, path, |path| fs::read(path))
}

/// As [`read`], for the file of a model: a large one is mapped into memory, and hashed once in this process.
pub(crate) fn read_model(what: &str, path: &Path) -> Result<(Buffer, Digest)> {
    static FILES: LazyLock<ModelFiles> = LazyLock::new(ModelFiles::default);
    read_by(what, path, |path| FILES.read(path, Hashing::Once))
}

fn read_by<T>(what: &str, path: &Path, read: impl Fn(&Path) -> io::Result<T>) -> Result<T> {
    let unreadable = |error: &io::Error| cannot_read(what, path, error);
    if fs::metadata(path).map_err(|error| unreadable(&error))?.is_dir() {
        return Err(PlatformError::new(
            PlatformErrorKind::File,
            format!("{what} '{}' is a folder", path.display()),
        )
        .help("choose a file in it"));
    }
    read(path).map_err(|error| unreadable(&error))
}

/// Bytes of the files that a model's path stands for: the file and those of the same name beside it, or all in the
/// folder. None, where there is nothing to read.
pub fn size(path: &Path) -> u64 {
    let (folder, stem) = if path.is_dir() {
        (path, None)
    } else {
        (path.parent().unwrap_or(Path::new("")), path.file_stem())
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = files.filter(|file| stem.is_none_or(|stem| file.path().file_stem() == Some(stem)));
    files
        .filter_map(|file| file.metadata().ok())
        .fold(0, |sum, file| sum.saturating_add(file.len()))
}

/// Why a file cannot be read. `what` says what the file is to the user.
pub fn cannot_read(what: &str, path: &Path, error: &io::Error) -> PlatformError {
    let failure = PlatformError::new(
        PlatformErrorKind::File,
        format!("cannot read {what} '{}'", path.display()),
    )
    .why(reason(error));
    match error.kind() {
        io::ErrorKind::NotFound => match neighbour(path) {
            Some(near) => failure.help(format!("did you mean '{near}'?")),
            None => failure.help("check the path, which is relative to the current folder"),
        },
        io::ErrorKind::PermissionDenied => failure.help("check the permissions of the file"),
        _ => failure,
    }
}

/// The operating system's words without the number Rust appends.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

/// The entry of the same folder whose name is most like the one that is missing.
fn neighbour(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let near = nearest(wanted, names.iter().map(String::as_str))?;
    Some(path.with_file_name(near).display().to_string())
}

/// Writes a whole file or leaves what was there.
///
/// # Errors
///
/// `File` when it cannot be written.
pub fn write(what: &str, path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = temporary_in(folder.unwrap_or(Path::new("."))).and_then(|mut file| {
        file.write_all(bytes)?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(|error| {
        PlatformError::new(
            PlatformErrorKind::File,
            format!("cannot write {what} '{}'", path.display()),
        )
        .why(reason(&error))
        .help("choose a file in a folder that exists and is writable")
    })
}

/// Temporary files are private unless told otherwise; this one becomes an ordinary file.
fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}
