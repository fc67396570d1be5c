use std::fmt;

use crate::bindings::wasi::nn::errors::{Error as HostError, ErrorCode};

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something failed, for programs: the codes of `wasi:nn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// An argument is wrong: a name, a shape, a length, an element type.
    InvalidArgument,
    /// The model's bytes are damaged, or not in the stated encoding.
    InvalidEncoding,
    /// The host's deadline passed.
    Timeout,
    /// The model or the device failed while running.
    RuntimeError,
    /// The host or its device cannot do this.
    UnsupportedOperation,
    /// A model or a tensor exceeds a limit.
    TooLarge,
    /// There is no model, or no tensor, with that name.
    NotFound,
    /// The host does not permit it.
    Security,
    /// The host gives no reason.
    Unknown,
}

impl Code {
    /// Its name in `wasi:nn`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidArgument => "invalid-argument",
            Self::InvalidEncoding => "invalid-encoding",
            Self::Timeout => "timeout",
            Self::RuntimeError => "runtime-error",
            Self::UnsupportedOperation => "unsupported-operation",
            Self::TooLarge => "too-large",
            Self::NotFound => "not-found",
            Self::Security => "security",
            Self::Unknown => "unknown",
        }
    }

    const fn from_wit(code: ErrorCode) -> Self {
        match code {
            ErrorCode::InvalidArgument => Self::InvalidArgument,
            ErrorCode::InvalidEncoding => Self::InvalidEncoding,
            ErrorCode::Timeout => Self::Timeout,
            ErrorCode::RuntimeError => Self::RuntimeError,
            ErrorCode::UnsupportedOperation => Self::UnsupportedOperation,
            ErrorCode::TooLarge => Self::TooLarge,
            ErrorCode::NotFound => Self::NotFound,
            ErrorCode::Security => Self::Security,
            ErrorCode::Unknown => Self::Unknown,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// An error: a [`Code`] for programs and a message for people.
///
/// It comes from the host, or from this crate's checks before a call to the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    code: Code,
    message: String,
}

impl Error {
    /// A new error, for functions that return this crate's [`Result`].
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    pub(crate) fn too_large(message: impl Into<String>) -> Self {
        Self::new(Code::TooLarge, message)
    }

    /// The kind of error.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The message; empty if the host sent none.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<HostError> for Error {
    fn from(error: HostError) -> Self {
        Self { code: Code::from_wit(error.code()), message: error.data() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => f.write_str(self.code.name()),
            message => write!(f, "{message} ({})", self.code),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_followed_by_its_code_and_an_empty_one_replaced_by_it() {
        let error = Error::new(Code::NotFound, "no model is called `digit`");
        assert_eq!(error.to_string(), "no model is called `digit` (not-found)");
        assert_eq!(Error::new(Code::Timeout, "").to_string(), "timeout");
    }
}
