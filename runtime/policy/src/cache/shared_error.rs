use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use godwit_backend::Error;

/// One failed load has many waiters, and an error has one owner: each gets its own, with the same kind,
/// message and cause.
pub(super) fn each_waiters_own(shared: Arc<Error>) -> Error {
    let copy = Error::new(shared.kind(), shared.message().to_owned());
    if shared.source().is_some() { copy.with_source(Cause(shared)) } else { copy }
}

/// The cause of a shared error.
#[derive(Debug)]
struct Cause(Arc<Error>);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.source().map_or(Ok(()), |source| fmt::Display::fmt(source, f))
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source().and_then(StdError::source)
    }
}
