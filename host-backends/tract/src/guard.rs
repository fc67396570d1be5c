use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use godwit_backend::{Error, Result};

/// Calls into the library; a panic there becomes `on_panic`, with what it said as the source.
///
/// # Errors
///
/// What `work` gives, or `on_panic`.
pub fn guarded<T>(on_panic: impl FnOnce() -> Error, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|payload| Err(on_panic().with_source(said(&*payload))))
}

/// What a panic said.
pub fn said(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("of an unknown kind"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use godwit_backend::ErrorKind;

    #[test]
    fn a_panic_is_an_error_whose_message_is_ours() {
        let error = guarded::<()>(|| Error::failed("ours"), || panic!("{} secret", 1)).unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Failed, "ours"));
        assert_eq!(error.report(), "ours: panic: 1 secret");
    }
}
