//! Whether a library is the one that was installed, before it is loaded.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, Metadata};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::folder::{Part, RECORD, Record};
use crate::install::sha256;
use crate::{Found, Source, elf, unpack};

/// What files looked like when they were last as recorded.
const SEEN: &str = "checked.json";
/// A file that changed this recently may change again without looking different.
const SETTLED: Duration = Duration::from_secs(2);

/// A library that must not be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Altered {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it, as the rest of a sentence.
    pub what: String,
}

impl fmt::Display for Altered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' {}", self.file.display(), self.what)
    }
}

impl std::error::Error for Altered {}

impl Found {
    /// Makes sure that the library and what it needs can be loaded. To be called before.
    ///
    /// What [`install`](crate::install()) put there must be what it put there: each file's size and SHA-256, and no
    /// file besides. What a person named and what a vendor installed has no record; there the files that are the
    /// engine's by their names must have the length that their headers speak of.
    ///
    /// A file is hashed again only when its size, times or inode are others than at the last check.
    ///
    /// # Errors
    ///
    /// [`Altered`], with the first file that is not as it should be.
    pub fn check(&self) -> Result<(), Altered> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        match (self.place.source, Record::read(folder)) {
            (Source::Installed, Some(record)) => check(&record, folder),
            (Source::Installed, None) => {
                Err(Altered { file: self.path.clone(), what: "has no record".to_owned() })
            }
            _ => self.lengths(folder),
        }
    }

    /// The library, and its parts beside it: `libopenvino_c.so` comes with `libopenvino.so.2641` and more.
    fn lengths(&self, folder: &Path) -> Result<(), Altered> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.split('.').next().unwrap_or_default();
        let stem = stem.strip_suffix("_c").unwrap_or(stem);
        let beside = fs::read_dir(folder).into_iter().flatten().flatten();
        let beside = beside.map(|entry| entry.path()).filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(stem) && name.contains(".so") && path.is_file()
        });
        for file in std::iter::once(self.path.clone()).chain(beside) {
            let what = match elf::cut_off(&file) {
                Ok(None) => continue,
                Ok(Some((has, needs))) => format!("is cut off: it has {has} of {needs} bytes"),
                Err(error) => format!("cannot be read: {error}"),
            };
            return Err(Altered { file, what });
        }
        Ok(())
    }
}

/// Compares a folder with its record.
pub(crate) fn check(record: &Record, folder: &Path) -> Result<(), Altered> {
    let own = [RECORD, SEEN, unpack::LICENCES];
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !own.contains(&&*name) && !record.files.contains_key(&name) {
            return Err(Altered { file: entry.path(), what: "was not installed".to_owned() });
        }
    }
    let seen = Seen::read(folder);
    let mut now = Seen::default();
    for (name, part) in &record.files {
        let file = folder.join(name);
        let metadata = fs::metadata(&file).ok().filter(Metadata::is_file);
        let what = match metadata {
            None => "is missing".to_owned(),
            Some(is) if is.len() != part.size => {
                format!("has {} bytes instead of {}", is.len(), part.size)
            }
            Some(is) => match now.is_as_recorded(&seen, name, part, &file, &is) {
                Ok(()) => continue,
                Err(what) => what,
            },
        };
        return Err(Altered { file, what });
    }
    if now != seen {
        now.write(folder);
    }
    Ok(())
}

/// What the files of a folder looked like, by their names, with the hash that each had.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Seen(BTreeMap<String, (Stamp, String)>);

impl Seen {
    fn read(folder: &Path) -> Self {
        let read = || serde_json::from_slice(&fs::read(folder.join(SEEN)).ok()?).ok();
        read().unwrap_or_default()
    }

    /// Where nobody may write, files are hashed each time.
    fn write(&self, folder: &Path) {
        let written = || -> std::io::Result<()> {
            let mut file = NamedTempFile::new_in(folder)?;
            file.write_all(&serde_json::to_vec(self)?)?;
            file.persist(folder.join(SEEN)).map(drop).map_err(|error| error.error)
        };
        let _ = written();
    }

    fn is_as_recorded(
        &mut self,
        before: &Self,
        name: &str,
        part: &Part,
        file: &Path,
        metadata: &Metadata,
    ) -> Result<(), String> {
        let stamp = Stamp::of(metadata);
        let known = before
            .0
            .get(name)
            .filter(|(of, hash)| stamp.as_ref() == Some(of) && *hash == part.sha256);
        if known.is_none() {
            match sha256(file) {
                Ok(hash) if hash == part.sha256 => {}
                Ok(hash) => {
                    return Err(format!(
                        "is not the file that was installed: its SHA-256 is {hash}"
                    ));
                }
                Err(error) => return Err(format!("cannot be read: {error}")),
            }
        }
        if let Some(stamp) = stamp {
            self.0.insert(name.to_owned(), (stamp, part.sha256.clone()));
        }
        Ok(())
    }
}

/// What changes when a file does: its size, times and inode.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp([i128; 5]);

impl Stamp {
    /// `None` for a file that changed just now, and on systems that do not tell when one did.
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;

        let nanoseconds =
            |seconds: i64, more: i64| i128::from(seconds) * 1_000_000_000 + i128::from(more);
        let changed = nanoseconds(metadata.ctime(), metadata.ctime_nsec());
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let settled = i128::try_from((now.checked_sub(SETTLED)?).as_nanos()).ok()?;
        (changed < settled).then(|| {
            Self([
                metadata.size().into(),
                nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
                changed,
                metadata.ino().into(),
                metadata.dev().into(),
            ])
        })
    }

    #[cfg(not(unix))]
    fn of(_metadata: &Metadata) -> Option<Self> {
        None
    }
}
