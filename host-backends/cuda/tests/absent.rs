//! The real libraries of this machine, whatever it has.

#![allow(clippy::unwrap_used, reason = "a panic here is a failed test")]

use godwit_backend::ErrorKind;
use godwit_cuda::{CudaBackend, CudaOptions};

#[test]
fn a_machine_without_a_driver_says_what_was_looked_for_and_what_brings_it() {
    let opened = CudaBackend::open(CudaOptions::default());
    if CudaBackend::has_driver() {
        // Then it works, or there is another reason than this one.
        let reason = opened.err().map(|error| error.message().to_owned()).unwrap_or_default();
        assert!(!reason.contains("no NVIDIA driver"), "{reason}");
        return;
    }
    let error = opened.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.message(), "no NVIDIA driver is installed");
    for part in ["libcuda.so.1", "libcuda1"] {
        assert!(error.report().contains(part), "{}", error.report());
    }
}
