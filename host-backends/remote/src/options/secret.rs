use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

/// Where a secret is. The configuration says where, never what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Secret {
    /// A file, read again when the secret is refused or has expired; a newline at its end is dropped.
    File(PathBuf),
    /// An environment variable of this process.
    Env(String),
    /// A program and its arguments, without a shell; what it prints is the secret.
    Command(Vec<String>),
}

/// A secret's value. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Revealed(String);

impl Revealed {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Revealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(a secret)")
    }
}
