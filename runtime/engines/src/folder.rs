use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{ENGINES, Engine, InstallError, Platform, Version, intact, staging};

/// What was put into a version's folder, written there last.
pub(crate) const RECORD: &str = "installed.json";

/// A release in a folder of engines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Installed {
    /// The engine's name.
    pub engine: &'static str,
    /// The release.
    pub version: Version,
    /// The release's folder.
    pub folder: PathBuf,
    /// The file to load; `None` if it is missing.
    pub library: Option<PathBuf>,
    /// The size of all files, in bytes.
    pub size: u64,
    /// Whether every file is the one that was installed, and none was added. `None` for a folder that was not made
    /// by [`install`](crate::install()).
    pub whole: Option<bool>,
}

/// What a release's folder holds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The release's file, and its hash.
    pub(crate) wheel: String,
    pub(crate) sha256: String,
    /// Its parts, by their names in the folder.
    pub(crate) files: BTreeMap<String, Part>,
}

/// One file of a release.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    /// In bytes.
    pub(crate) size: u64,
    /// In hexadecimal.
    pub(crate) sha256: String,
}

impl Record {
    pub(crate) fn write(&self, folder: &Path) -> Result<(), InstallError> {
        let path = folder.join(RECORD);
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&path)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.sync_all()
        };
        write().map_err(|error| InstallError::io("cannot write", &path, error))
    }

    pub(crate) fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(RECORD)).ok()?).ok()
    }
}

impl Installed {
    /// The release of `engine` in `folder`, whose name is its version.
    pub(crate) fn read(engine: &'static Engine, folder: PathBuf) -> Option<Self> {
        let version = Version::parse(folder.file_name()?.to_str()?)?;
        if !folder.is_dir() {
            return None;
        }
        let library = Platform::here()
            .and_then(|here| engine.library.newest_in(&folder, here.os))
            .map(|candidate| candidate.path);
        let whole = Record::read(&folder).map(|record| intact::check(&record, &folder).is_ok());
        let size = staging::size_of(&folder);
        Some(Self { engine: engine.name, version, folder, library, size, whole })
    }
}

/// The releases in a folder of engines, by engine, the newest first.
pub fn installed(folder: &Path) -> Vec<Installed> {
    ENGINES.into_iter().flat_map(|engine| installed_of(engine, folder)).collect()
}

pub(crate) fn installed_of(engine: &'static Engine, folder: &Path) -> Vec<Installed> {
    let entries = fs::read_dir(folder.join(engine.name)).into_iter().flatten().flatten();
    let mut found: Vec<_> =
        entries.filter_map(|entry| Installed::read(engine, entry.path())).collect();
    found.sort_by(|a, b| b.version.cmp(&a.version));
    found
}

/// Removes one version of `engine`, or all of them, and what cut-off installs left. Returns what was
/// there.
///
/// # Errors
///
/// `Io` when a file cannot be removed; on Windows because a program has it loaded.
pub fn remove(
    engine: &'static Engine,
    folder: &Path,
    version: Option<&Version>,
) -> Result<Vec<Installed>, InstallError> {
    let own = folder.join(engine.name);
    if !own.is_dir() {
        return Ok(Vec::new());
    }
    let lock = staging::lock(&own, &mut || ())?;
    staging::clear(&own);
    let is_meant =
        |installed: &Installed| version.is_none_or(|wanted| installed.version == *wanted);
    let mut found = installed_of(engine, folder);
    found.retain(is_meant);
    for installed in &found {
        staging::discard(&installed.folder)?;
    }
    drop(lock);
    Ok(found)
}
