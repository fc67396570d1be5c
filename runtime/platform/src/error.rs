use std::fmt;

use godwit_backend::ErrorKind;

/// What a [`PlatformError`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlatformErrorKind {
    /// A request that contradicts itself or names what does not exist.
    Request,
    /// A file or folder that is missing or cannot be read or written.
    File,
    /// A model that is unknown, corrupt or cannot be loaded.
    Model,
    /// A device that is unknown or absent.
    Device,
    /// A configuration file that cannot be understood.
    Config,
    /// A defect in Godwit.
    Internal,
}

/// Why something could not be set up: what happened, the reasons, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlatformError {
    /// What it is about, for programs.
    pub kind: PlatformErrorKind,
    /// What happened, in one line.
    pub message: String,
    /// The reasons. May hold several lines, and paths.
    pub why: Vec<String>,
    /// What to do, in the imperative.
    pub help: Vec<String>,
}

/// The result of setting something up.
pub type Result<T, E = PlatformError> = std::result::Result<T, E>;

impl PlatformError {
    /// An error without a reason and a remedy.
    pub fn new(kind: PlatformErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), why: Vec::new(), help: Vec::new() }
    }

    /// Adds a reason.
    #[must_use]
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why.push(why.into());
        self
    }

    /// Adds a remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// An error of the contract that arose while a model was loaded is about the model, unless the device is gone
/// or Godwit is at fault.
impl From<ErrorKind> for PlatformErrorKind {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Unavailable | ErrorKind::DeviceLost => Self::Device,
            ErrorKind::Internal => Self::Internal,
            _ => Self::Model,
        }
    }
}

impl fmt::Display for PlatformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.why.iter().try_for_each(|why| write!(f, ": {why}"))
    }
}

impl std::error::Error for PlatformError {}
