#![allow(unsafe_code, reason = "calls into the library")]

use std::ffi::CStr;
use std::fmt;
use std::ptr::NonNull;

use openvino_sys::{ov_free, ov_get_last_err_msg, ov_status_e};

/// A call that the library refused: for the operator, never for a guest.
#[derive(Debug)]
pub(crate) struct OpenVinoError {
    call: &'static str,
    pub(crate) status: ov_status_e,
    pub(crate) text: String,
}

impl fmt::Display for OpenVinoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} gave {:?}: {}", self.call, self.status, self.text.trim())
    }
}

impl std::error::Error for OpenVinoError {}

impl OpenVinoError {
    pub(crate) fn new(call: &'static str, status: ov_status_e, text: impl Into<String>) -> Self {
        Self { call, status, text: text.into() }
    }

    /// Whether a run was ended by a call of `cancel`.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.status == ov_status_e::INFER_CANCELLED
    }
}

/// Turns the status of `call` into a result.
pub(super) fn check(call: &'static str, status: ov_status_e) -> Result<(), OpenVinoError> {
    if status == ov_status_e::OK { Ok(()) } else { Err(OpenVinoError::new(call, status, last())) }
}

/// The object that `call` writes through the pointer it is given.
pub(super) fn made<T>(
    call: &'static str,
    make: impl FnOnce(*mut *mut T) -> ov_status_e,
) -> Result<NonNull<T>, OpenVinoError> {
    let mut object = std::ptr::null_mut();
    check(call, make(&raw mut object))?;
    NonNull::new(object)
        .ok_or_else(|| OpenVinoError::new(call, ov_status_e::UNEXPECTED, "it made nothing"))
}

fn last() -> String {
    // SAFETY: no arguments; the answer is null or a fresh copy that the caller frees.
    let text = unsafe { ov_get_last_err_msg() };
    // SAFETY: as above.
    unsafe { taken(text) }.unwrap_or_default()
}

/// Copies and frees a text that the library allocated.
///
/// # Safety
///
/// `text` is null, or a terminated string that `ov_free` may free.
pub(super) unsafe fn taken(text: *const std::ffi::c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, so terminated and ours.
    let copy = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
    // SAFETY: not used after this.
    unsafe { ov_free(text) };
    Some(copy)
}
