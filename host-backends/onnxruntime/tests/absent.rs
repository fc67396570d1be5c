//! A process that has not loaded the library yet.

#![allow(clippy::unwrap_used, reason = "a panic here is a failed test")]

use std::path::Path;

use godwit_backend::ErrorKind;
use godwit_onnxruntime::{OnnxRuntime, OrtOptions};

#[test]
fn what_is_no_library_is_unavailable() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for path in [Path::new("/nowhere/libonnxruntime.so"), file.path(), Path::new("/")] {
        let error = OnnxRuntime::open(path, OrtOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.report());
        assert!(!error.message().contains('/'), "{error}");
        assert_ne!(error.report(), error.message(), "the operator is told which file");
    }
}
