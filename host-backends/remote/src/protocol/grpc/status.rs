//! What a status of gRPC says, in the contract's kinds.

use std::error::Error as _;
use std::time::Duration;

use godwit_backend::Error;
use tonic::{Code, Status};

use crate::failure::{Again, Failure};
use crate::status::{ABSENT, BUSY, CUT, DENIED, LATE, ODD, REFUSED, TOO_LARGE, UNKNOWN};

pub(super) fn failure(status: Status) -> Failure {
    // What never came from the server has a cause.
    let is_ours = status.source().is_some();
    let (error, again) = match status.code() {
        Code::Unauthenticated => (Error::denied(DENIED), Again::Authorized),
        Code::PermissionDenied => (Error::denied(DENIED), Again::Never),
        Code::NotFound => (Error::not_found(UNKNOWN), Again::Never),
        _ if is_ours && never_left(&status) => (Error::unavailable(ABSENT), Again::Safe),
        Code::Unavailable if is_ours => (Error::unavailable(CUT), Again::IfIdempotent),
        Code::Unavailable | Code::ResourceExhausted => (Error::unavailable(BUSY), Again::Safe),
        Code::DeadlineExceeded => (Error::timeout(LATE), Again::IfIdempotent),
        Code::OutOfRange if status.message().contains("message length too large") => {
            (Error::too_large(TOO_LARGE), Again::Never)
        }
        Code::Aborted | Code::Cancelled => (Error::unavailable(CUT), Again::IfIdempotent),
        Code::Unknown if is_ours => (Error::unavailable(CUT), Again::IfIdempotent),
        Code::Unimplemented => (Error::failed(ODD), Again::Never),
        _ => (Error::failed(REFUSED), Again::Never),
    };
    let pushback = status.metadata().get("grpc-retry-pushback-ms");
    let pushback = pushback.and_then(|pushback| pushback.to_str().ok()?.parse().ok());
    let after = pushback.map(Duration::from_millis).filter(|_| again == Again::Safe);
    let error = match status.code() {
        // Servers are known to repeat the credentials they turn away.
        Code::Unauthenticated | Code::PermissionDenied => {
            error.with_source(format!("status {:?}", status.code()))
        }
        _ => error.with_source(status),
    };
    Failure { error, again, after }
}

/// Whether no connection was made.
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
