use std::time::Duration;

use godwit_backend::{Error, ErrorKind};

use crate::status;

/// The outcome of an attempt.
pub(crate) type CallResult<T> = std::result::Result<T, CallError>;

/// Why an attempt failed, and whether the request may be retried.
#[derive(Debug)]
pub(crate) struct CallError {
    pub(crate) error: Error,
    pub(crate) retry: RetryRule,
    /// The pause that the service asked for.
    pub(crate) retry_after: Option<Duration>,
}

/// Whether a request may be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryRule {
    /// No: it would fail the same way.
    Never,
    /// With other credentials, if there are any.
    NewCredentials,
    /// If the model may run twice: it may have run.
    IfIdempotent,
    /// Yes: the model did not run.
    NotRun,
}

impl CallError {
    pub(crate) fn new(error: Error, retry: RetryRule) -> Self {
        Self { error, retry, retry_after: None }
    }

    /// The server's answer does not follow its protocol. `source` says why, to the operator.
    pub(crate) fn malformed(source: impl Into<String>) -> Self {
        Error::failed(status::MALFORMED).with_source(source.into()).into()
    }

    /// The server's answer does not match the model's signature.
    pub(crate) fn mismatch(source: impl Into<String>) -> Self {
        Error::failed(status::MISMATCH).with_source(source.into()).into()
    }

    /// This error, or `other` with this one as its source where this is one of `kinds`.
    pub(crate) fn replaced_by(self, kinds: &[ErrorKind], other: impl FnOnce() -> Error) -> Self {
        match kinds.contains(&self.error.kind()) {
            true => Self { error: other().with_source(self.error), ..self },
            false => self,
        }
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        Self::new(error, RetryRule::Never)
    }
}
