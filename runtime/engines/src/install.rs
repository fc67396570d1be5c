use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{self, Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::folder::{Installed, Record};
use crate::pip::Pip;
use crate::{Engine, InstallError, Platform, Wheel, staging, unpack};

/// How an engine is installed.
#[derive(Debug, Clone, Default)]
pub struct InstallOptions {
    /// Install it again, although it is there.
    pub force: bool,
    /// The release's file, brought by other means: nothing is fetched.
    pub wheel: Option<PathBuf>,
}

/// What is being done, and how much of it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Another process is installing the same engine.
    Waiting,
    /// Fetching `done` of `total` bytes.
    Fetching {
        /// So far.
        done: u64,
        /// In all.
        total: u64,
    },
    /// Comparing the file's hash.
    Checking,
    /// Writing `done` of `total` bytes.
    Unpacking {
        /// So far.
        done: u64,
        /// In all.
        total: u64,
    },
}

/// Is told what an installation does.
pub type Progress<'a> = &'a mut dyn FnMut(Step);

/// Puts the pinned release of `engine` into `folder`, as `NAME/VERSION`, and returns it. One that is
/// there, whole, is left alone.
///
/// The release comes from the Python package index, by pip, which must be there with Python 3. It appears
/// as a whole or not at all, however many processes install it and wherever they are cut off.
///
/// # Errors
///
/// [`InstallError`] for each way in which this can fail.
pub fn install(
    engine: &'static Engine,
    folder: &Path,
    options: &InstallOptions,
    progress: Progress<'_>,
) -> Result<Installed, InstallError> {
    install_with(&Pip::default(), Platform::here(), engine, folder, options, progress)
}

pub(crate) fn install_with(
    pip: &Pip,
    platform: Option<Platform>,
    engine: &'static Engine,
    folder: &Path,
    options: &InstallOptions,
    progress: Progress<'_>,
) -> Result<Installed, InstallError> {
    let unsupported = || InstallError::UnsupportedPlatform(engine, platform);
    let here = platform.ok_or_else(unsupported)?;
    // The client is started from another folder than this process.
    let folder =
        path::absolute(folder).map_err(|error| InstallError::io("cannot find", folder, error))?;
    let wheel = engine.release.wheel(here).ok_or_else(unsupported)?;
    let own = folder.join(engine.name);
    let place = own.join(engine.release.version);
    if let (false, Some(there)) = (options.force, whole(engine, &place, wheel)) {
        return Ok(there);
    }
    fs::create_dir_all(&own).map_err(|error| InstallError::io("cannot make", &own, error))?;
    let lock = staging::lock(&own, &mut || progress(Step::Waiting))?;
    // Whoever held the lock may have done it.
    if let (false, Some(there)) = (options.force, whole(engine, &place, wheel)) {
        return Ok(there);
    }
    staging::clear(&own);
    let staged = staging::begin(&own)?;
    let fetched = match &options.wheel {
        Some(file) => file.clone(),
        None => pip.fetch(engine, wheel, staged.path(), progress)?,
    };
    progress(Step::Checking);
    check(&fetched, wheel)?;
    let unpacked = staged.path().join("unpacked");
    let files = unpack::unpack(engine, &fetched, &unpacked, progress)?;
    if engine.library.newest_in(&unpacked, here.os).is_none() {
        return Err(InstallError::Damaged(format!("{} holds no library", wheel.file)));
    }
    let record = Record { wheel: wheel.file.to_owned(), sha256: wheel.sha256.to_owned(), files };
    record.write(&unpacked)?;
    staging::finish(&unpacked, &place)?;
    drop(staged);
    drop(lock);
    Installed::read(engine, place.clone())
        .ok_or_else(|| InstallError::io("cannot read", &place, io::ErrorKind::NotFound.into()))
}

/// What is at `place`, if it is this very release and nothing of it is missing.
fn whole(engine: &'static Engine, place: &Path, wheel: &Wheel) -> Option<Installed> {
    let record = Record::read(place)?;
    if record.sha256 != wheel.sha256 {
        return None;
    }
    Installed::read(engine, place.to_owned()).filter(|there| there.whole == Some(true))
}

fn check(file: &Path, wheel: &'static Wheel) -> Result<(), InstallError> {
    let hash = sha256(file).map_err(|error| InstallError::io("cannot read", file, error))?;
    if hash == wheel.sha256 {
        return Ok(());
    }
    Err(InstallError::WrongHash { wheel, got: format!("its SHA-256 is {hash}") })
}

pub(crate) fn sha256(file: &Path) -> io::Result<String> {
    let mut file = File::open(file)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            length => hasher.update(buffer.get(..length).unwrap_or_default()),
        }
    }
    Ok(hexadecimal(&hasher.finalize()))
}

pub(crate) fn hexadecimal(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
