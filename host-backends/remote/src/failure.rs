use std::time::Duration;

use godwit_backend::{Error, ErrorKind};

/// Why one try failed, and whether there may be another.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) again: Again,
    /// How long the service asked to be left alone.
    pub(crate) after: Option<Duration>,
}

/// Whether a request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// It would fail the same way.
    Never,
    /// With other credentials, if there are any.
    Authorized,
    /// It may have been run.
    IfIdempotent,
    /// It surely was not run.
    Safe,
}

impl Failure {
    pub(crate) fn new(error: Error, again: Again) -> Self {
        Self { error, again, after: None }
    }

    /// What a server answered that it should not have.
    pub(crate) fn lie(message: &'static str, source: impl Into<String>) -> Self {
        Error::new(ErrorKind::Failed, message).with_source(source.into()).into()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error, Again::Never)
    }
}
