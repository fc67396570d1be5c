use std::ffi::{CStr, c_char};

/// The text at `text`, or nothing.
///
/// # Safety
///
/// `text` is null or a C string that lives through the call.
pub(super) unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: not null, and a C string by this function's own condition.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
