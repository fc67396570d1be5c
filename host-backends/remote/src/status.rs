//! What a status says, in the contract's kinds. Texts of servers go to the operator's log only.

use godwit_backend::Error;
use http::{HeaderMap, StatusCode};

use crate::failure::{Again, Failure};
use crate::retry::retry_after;

pub(crate) const DENIED: &str = "the remote service does not accept this host's credentials";
pub(crate) const BUSY: &str = "the remote service is busy";
pub(crate) const ABSENT: &str = "the remote service cannot be reached";
pub(crate) const CUT: &str = "the connection to the remote service was cut";
pub(crate) const LATE: &str = "the remote service did not answer in time";
pub(crate) const UNKNOWN: &str = "the remote service has no such model";
pub(crate) const TOO_LARGE: &str = "the remote service's answer is larger than allowed";
pub(crate) const TOO_MUCH: &str = "the request is larger than the remote service takes";
pub(crate) const REFUSED: &str = "the remote service could not run the model on these inputs";
pub(crate) const REDIRECTED: &str = "the remote service pointed elsewhere, where nothing is sent";
pub(crate) const ODD: &str = "the remote service's answer is not of its protocol";
pub(crate) const UNFIT: &str = "the remote service's answer does not fit the model's signature";

/// The failure that a status other than success stands for. `said` is what came with it.
pub(crate) fn failure(status: StatusCode, headers: &HeaderMap, said: &str) -> Failure {
    let (error, again) = match status {
        StatusCode::UNAUTHORIZED => (Error::denied(DENIED), Again::Authorized),
        StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            (Error::denied(DENIED), Again::Never)
        }
        StatusCode::NOT_FOUND => (Error::not_found(UNKNOWN), Again::Never),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            (Error::unavailable(BUSY), Again::Safe)
        }
        StatusCode::BAD_GATEWAY => (Error::unavailable(ABSENT), Again::IfIdempotent),
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => {
            (Error::timeout(LATE), Again::IfIdempotent)
        }
        StatusCode::PAYLOAD_TOO_LARGE => (Error::too_large(TOO_MUCH), Again::Never),
        status if status.is_redirection() => (Error::failed(REDIRECTED), Again::Never),
        _ => (Error::failed(REFUSED), Again::Never),
    };
    // Servers are known to repeat the credentials they turn away.
    let is_about_credentials = status == StatusCode::UNAUTHORIZED
        || status == StatusCode::FORBIDDEN
        || status == StatusCode::PROXY_AUTHENTICATION_REQUIRED;
    let source = match is_about_credentials || said.is_empty() {
        true => format!("status {status}"),
        false => format!("status {status}: {said}"),
    };
    let after = (again == Again::Safe).then(|| retry_after(headers)).flatten();
    Failure { error: error.with_source(source), again, after }
}
