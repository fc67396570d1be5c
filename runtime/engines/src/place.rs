use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// Who says that a library may be in a place, the first asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "source", content = "variable", rename_all = "kebab-case")]
pub enum Source {
    /// A person, by configuration or a command's option.
    Configured,
    /// An environment variable, by its name.
    Variable(&'static str),
    /// Godwit's own folder of engines.
    Installed,
    /// A vendor's installer or a distribution's package.
    System,
    /// A Python environment that is active.
    Python,
}

/// What was found in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The library.
    Found,
    /// No such file or folder.
    Missing,
    /// A folder, without the library.
    Empty,
    /// The library, in a folder for what was installed, without the record of an installation.
    Unrecorded,
    /// A path that depends on the current folder, where none may.
    Relative,
    /// Nobody named a place.
    Unset,
}

/// One place that was looked in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Who named it.
    #[serde(flatten)]
    pub source: Source,
    /// The file or folder; `None` when nobody named one.
    pub path: Option<PathBuf>,
    /// What was there.
    pub outcome: Outcome,
}

impl Place {
    pub(crate) fn new(source: Source, path: impl Into<PathBuf>, outcome: Outcome) -> Self {
        Self { source, path: Some(path.into()), outcome }
    }

    pub(crate) fn unset(source: Source) -> Self {
        Self { source, path: None, outcome: Outcome::Unset }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configured => "configured",
            Self::Variable(name) => name,
            Self::Installed => "installed by godwit",
            Self::System => "system",
            Self::Python => "Python environment",
        })
    }
}

/// One line: who named it, the path, what was there.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)?;
        if let Some(path) = &self.path {
            write!(f, ": {}", path.display())?;
        }
        f.write_str(match (self.outcome, self.source) {
            (Outcome::Found, _) => "",
            (Outcome::Missing, _) => " is not there",
            (Outcome::Empty, _) => " does not hold the library",
            (Outcome::Unrecorded, _) => " has no record of what was installed",
            (Outcome::Relative, _) => " is not an absolute path",
            (Outcome::Unset, Source::Python) => ": none is active",
            (Outcome::Unset, Source::Installed) => ": there is no folder, as HOME is not set",
            (Outcome::Unset, _) => ": not set",
        })
    }
}
