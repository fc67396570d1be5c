use std::ffi::{c_char, c_void};

use ort::sys::OrtLoggingLevel;

use super::text::text;

/// Hands what the library logs to `tracing`; without this it writes to standard error.
///
/// Its own errors are told again by the call that failed, so nothing here is louder than a warning.
pub(super) unsafe extern "system" fn log(
    _param: *mut c_void,
    severity: OrtLoggingLevel,
    _category: *const c_char,
    _id: *const c_char,
    place: *const c_char,
    message: *const c_char,
) {
    // SAFETY: the library passes C strings that live through this call.
    let (place, message) = unsafe { (text(place), text(message)) };
    match severity {
        OrtLoggingLevel::ORT_LOGGING_LEVEL_FATAL => tracing::warn!(place, "{message}"),
        OrtLoggingLevel::ORT_LOGGING_LEVEL_ERROR | OrtLoggingLevel::ORT_LOGGING_LEVEL_WARNING => {
            tracing::debug!(place, "{message}");
        }
        _ => tracing::trace!(place, "{message}"),
    }
}
