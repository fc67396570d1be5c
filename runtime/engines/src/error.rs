use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Engine, Platform, Wheel};

/// Why an engine could not be installed or removed.
#[derive(Debug)]
#[non_exhaustive]
pub enum InstallError {
    /// The release has no file for this platform; `None` if the platform itself is not known.
    UnsupportedPlatform(&'static Engine, Option<Platform>),
    /// There is no Python 3 to fetch with.
    NoPython(&'static Wheel),
    /// There is a Python 3, without its package client.
    NoPip(&'static Wheel),
    /// The package index could not be reached; what the client said.
    NoNetwork(&'static Wheel, String),
    /// The index is within reach and has no such file.
    NotInIndex(&'static Wheel, String),
    /// The file is not the one that is pinned.
    WrongHash {
        /// The one that is pinned.
        wheel: &'static Wheel,
        /// What was got instead, or what the client said of it.
        got: String,
    },
    /// The client failed in some other way; what it said.
    Client(String),
    /// No room on the disk of this folder.
    DiskFull(PathBuf),
    /// The file is damaged, or lacks the library.
    Damaged(String),
    /// A file or folder could not be read or written.
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl InstallError {
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull(path.to_owned())
            }
            _ => Self::Io { doing, path: path.to_owned(), source },
        }
    }

    /// What to do about it, in the imperative.
    pub fn remedy(&self) -> String {
        match self {
            Self::UnsupportedPlatform(engine, _) => {
                format!("install it yourself, and set {} to its library", engine.variable)
            }
            Self::NoPython(wheel) => {
                format!("install Python 3 with pip, or {}", by_hand(wheel))
            }
            Self::NoPip(wheel) => format!(
                "install pip (python3 -m ensurepip, or your system's package python3-pip), or {}",
                by_hand(wheel)
            ),
            Self::NoNetwork(wheel, _) => {
                format!(
                    "check the network and pip's settings (pip config list), or {}",
                    by_hand(wheel)
                )
            }
            Self::NotInIndex(wheel, _) => {
                format!(
                    "check that pip's index is complete (pip config list), or {}",
                    by_hand(wheel)
                )
            }
            Self::WrongHash { .. } => {
                "the file was damaged or replaced on its way: clear pip's cache \
                 (python3 -m pip cache purge) and try again, from another network if need be"
                    .to_owned()
            }
            Self::Client(_) => "try again; if it stays, upgrade pip".to_owned(),
            Self::DiskFull(_) => {
                "make room, or name a folder on another disk: GODWIT_ENGINES=FOLDER".to_owned()
            }
            Self::Damaged(_) => "fetch the file again".to_owned(),
            Self::Io { .. } => {
                "check the permissions, or name another folder: GODWIT_ENGINES=FOLDER".to_owned()
            }
        }
    }
}

fn by_hand(wheel: &Wheel) -> String {
    format!("bring {} from elsewhere and give it with --wheel FILE", wheel.file)
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedPlatform(engine, platform) => {
                let release = &engine.release;
                let known: Vec<String> =
                    release.wheels.iter().map(|wheel| wheel.platform.to_string()).collect();
                write!(
                    f,
                    "{} {} is published for {}",
                    engine.name,
                    release.version,
                    known.join(", ")
                )?;
                match platform {
                    Some(here) => write!(f, ", not for {here}"),
                    None => f.write_str(", not for this system"),
                }
            }
            Self::NoPython(_) => f.write_str(
                "the release is a Python package, and there is no Python 3 to fetch it with",
            ),
            Self::NoPip(_) => f.write_str(
                "the release is a Python package, and this Python 3 has no pip to fetch it with",
            ),
            Self::NoNetwork(_, said) => {
                write!(f, "the package index is out of reach; pip said: {said}")
            }
            Self::NotInIndex(wheel, said) => {
                write!(f, "the package index has no {}; pip said: {said}", wheel.file)
            }
            Self::WrongHash { wheel, got } => write!(
                f,
                "{} is not the file that is pinned (SHA-256 {}): {got}",
                wheel.file, wheel.sha256
            ),
            Self::Client(said) => write!(f, "pip failed: {said}"),
            Self::DiskFull(path) => write!(f, "the disk of '{}' is full", path.display()),
            Self::Damaged(what) => f.write_str(what),
            Self::Io { doing, path, source } => {
                write!(f, "{doing} '{}': {source}", path.display())
            }
        }
    }
}

impl Error for InstallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
