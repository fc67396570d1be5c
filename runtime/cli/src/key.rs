use std::fs::{DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use godwit_host::Key;
use godwit_platform::files::{cannot_read, reason};
use godwit_platform::own;
use tempfile::NamedTempFile;

use crate::error::{CliError, Code, Result};

const LEN: usize = 32;

/// The key this user's compiled programs are sealed with on this machine, made on first use.
pub(crate) fn of_this_user() -> Result<Key> {
    let path = path()?;
    if path.try_exists().unwrap_or(true) { read(&path) } else { make(&path) }
}

fn path() -> Result<PathBuf> {
    let folders = etcetera::base_strategy::Xdg::new().map_err(|error| {
        CliError::new(Code::File, "no folder for the key that seals compiled apps is configured")
            .why(error.to_string())
            .help("set HOME or XDG_CONFIG_HOME to a folder")
    })?;
    Ok(folders.config_dir().join("godwit").join("seal.key"))
}

fn read(path: &Path) -> Result<Key> {
    let file = own::open("the key", path)?;
    check_private(path, &file)?;
    let mut bytes = Vec::new();
    file.take(LEN as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| cannot_read("the key", path, &error))?;
    let bytes: [u8; LEN] = bytes.try_into().map_err(|_| {
        CliError::new(Code::File, format!("'{}' is not a key", path.display()))
            .why(format!("a key has {LEN} bytes"))
            .help("remove it, and compile your apps again")
    })?;
    Ok(Key::from_bytes(bytes))
}

/// Whoever can read the key can make this user run any native code.
#[cfg(unix)]
fn check_private(path: &Path, file: &File) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = file.metadata().map_err(|error| cannot_read("the key", path, &error))?;
    let mode = mode.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(CliError::new(Code::File, format!("the key '{path}' is accessible to other users"))
        .why(format!("its mode is {mode:04o} and must be 0600"))
        .help(format!("remove it (rm '{path}'), and compile your apps again")))
}

#[cfg(not(unix))]
fn check_private(_path: &Path, _file: &File) -> Result<()> {
    Ok(())
}

fn make(path: &Path) -> Result<Key> {
    let mut bytes = [0; LEN];
    getrandom::fill(&mut bytes).map_err(|error| {
        CliError::new(Code::Internal, "cannot get random numbers from the system")
            .why(error.to_string())
    })?;
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder).map_err(|error| cannot_make(path, &error))?;
    own::check_folder("the folder of the key", folder)?;
    match store(path, &bytes) {
        Ok(()) => Ok(Key::from_bytes(bytes)),
        // Another process was first: its key holds.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(path),
        Err(error) => Err(cannot_make(path, &error)),
    }
}

fn cannot_make(path: &Path, error: &io::Error) -> CliError {
    CliError::new(Code::File, format!("cannot create the key '{}'", path.display()))
        .why(reason(error))
        .help("set XDG_CONFIG_HOME to a writable folder")
}

/// Makes a folder that is this user's alone, with those above it, where there is none.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Complete or not at all, and never over another. A temporary file is private from the start.
fn store(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist_noclobber(path).map(drop).map_err(|error| error.error)
}
