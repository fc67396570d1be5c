//! gRPC status codes as errors of the contract.

use std::error::Error as _;
use std::time::Duration;

use godwit_backend::Error;
use tonic::{Code, Status};

use crate::call_error::{CallError, RetryRule};
use crate::status::{
    BUSY, CLOSED, DENIED, MALFORMED, NO_SUCH_MODEL, REFUSED, TIMED_OUT, TOO_LARGE, UNREACHABLE,
};

pub(super) fn failure(status: Status) -> CallError {
    // A status with a source was not sent by the server.
    let is_ours = status.source().is_some();
    let (error, retry) = match status.code() {
        Code::Unauthenticated => (Error::denied(DENIED), RetryRule::NewCredentials),
        Code::PermissionDenied => (Error::denied(DENIED), RetryRule::Never),
        Code::NotFound => (Error::not_found(NO_SUCH_MODEL), RetryRule::Never),
        _ if is_ours && never_left(&status) => (Error::unavailable(UNREACHABLE), RetryRule::NotRun),
        Code::Unavailable if is_ours => (Error::unavailable(CLOSED), RetryRule::IfIdempotent),
        Code::Unavailable | Code::ResourceExhausted => {
            (Error::unavailable(BUSY), RetryRule::NotRun)
        }
        Code::DeadlineExceeded => (Error::timeout(TIMED_OUT), RetryRule::IfIdempotent),
        Code::OutOfRange if status.message().contains("message length too large") => {
            (Error::too_large(TOO_LARGE), RetryRule::Never)
        }
        Code::Aborted | Code::Cancelled => (Error::unavailable(CLOSED), RetryRule::IfIdempotent),
        Code::Unknown if is_ours => (Error::unavailable(CLOSED), RetryRule::IfIdempotent),
        Code::Unimplemented => (Error::failed(MALFORMED), RetryRule::Never),
        _ => (Error::failed(REFUSED), RetryRule::Never),
    };
    let pushback = status.metadata().get("grpc-retry-pushback-ms");
    let pushback = pushback.and_then(|pushback| pushback.to_str().ok()?.parse().ok());
    let retry_after = pushback.map(Duration::from_millis).filter(|_| retry == RetryRule::NotRun);
    let error = match status.code() {
        // Some servers repeat the credentials that they refuse.
        Code::Unauthenticated | Code::PermissionDenied => {
            error.with_source(format!("status {:?}", status.code()))
        }
        _ => error.with_source(status),
    };
    CallError { error, retry, retry_after }
}

/// Whether the request was not sent, for lack of a connection.
fn never_left(status: &Status) -> bool {
    let mut cause = status.source();
    while let Some(error) = cause {
        if error.is::<tonic::ConnectError>() || error.is::<tonic::TimeoutExpired>() {
            return error.is::<tonic::ConnectError>();
        }
        cause = error.source();
    }
    false
}
