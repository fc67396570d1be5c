//! HTTP status codes as errors of the contract. Texts of servers go to the operator's log only.

use godwit_backend::Error;
use http::{HeaderMap, StatusCode};

use crate::call_error::{CallError, RetryRule};
use crate::retry::retry_after;

pub(crate) const DENIED: &str = "the remote service does not accept this host's credentials";
pub(crate) const BUSY: &str = "the remote service is busy";
pub(crate) const UNREACHABLE: &str = "the remote service cannot be reached";
pub(crate) const CLOSED: &str = "the connection to the remote service was closed";
pub(crate) const TIMED_OUT: &str = "the remote service did not answer in time";
pub(crate) const NO_SUCH_MODEL: &str = "the remote service has no such model";
pub(crate) const TOO_LARGE: &str = "the remote service's answer exceeds the size limit";
pub(crate) const REQUEST_TOO_LARGE: &str = "the request exceeds the remote service's size limit";
pub(crate) const REFUSED: &str = "the remote service could not run the model on these inputs";
pub(crate) const REDIRECTED: &str = "the remote service sent a redirect, which is not followed";
pub(crate) const MALFORMED: &str = "the remote service's answer does not follow its protocol";
pub(crate) const MISMATCH: &str =
    "the remote service's answer does not match the model's signature";

/// The error for a status other than success. `said` is the beginning of the body.
pub(crate) fn failure(status: StatusCode, headers: &HeaderMap, said: &str) -> CallError {
    let (error, retry) = match status {
        StatusCode::UNAUTHORIZED => (Error::denied(DENIED), RetryRule::NewCredentials),
        StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            (Error::denied(DENIED), RetryRule::Never)
        }
        StatusCode::NOT_FOUND => (Error::not_found(NO_SUCH_MODEL), RetryRule::Never),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            (Error::unavailable(BUSY), RetryRule::NotRun)
        }
        StatusCode::BAD_GATEWAY => (Error::unavailable(UNREACHABLE), RetryRule::IfIdempotent),
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => {
            (Error::timeout(TIMED_OUT), RetryRule::IfIdempotent)
        }
        StatusCode::PAYLOAD_TOO_LARGE => (Error::too_large(REQUEST_TOO_LARGE), RetryRule::Never),
        status if status.is_redirection() => (Error::failed(REDIRECTED), RetryRule::Never),
        _ => (Error::failed(REFUSED), RetryRule::Never),
    };
    // Some servers repeat the credentials that they refuse.
    let is_about_credentials = status == StatusCode::UNAUTHORIZED
        || status == StatusCode::FORBIDDEN
        || status == StatusCode::PROXY_AUTHENTICATION_REQUIRED;
    let source = match is_about_credentials || said.is_empty() {
        true => format!("status {status}"),
        false => format!("status {status}: {said}"),
    };
    let retry_after = (retry == RetryRule::NotRun).then(|| retry_after(headers)).flatten();
    CallError { error: error.with_source(source), retry, retry_after }
}
