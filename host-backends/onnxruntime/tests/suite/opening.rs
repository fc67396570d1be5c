//! Opening the library.

use godwit_backend::{Backend, DeviceKind, ErrorKind};
use godwit_onnxruntime::{OnnxRuntime, OrtOptions};

use crate::common::{backend, library};

#[test]
fn the_processor_is_always_a_device() {
    let backend = backend();
    let devices = backend.devices().unwrap();
    assert_eq!(devices[0].id.as_str(), "ort-cpu:0");
    assert_eq!(devices[0].kind, DeviceKind::Cpu);
    assert_eq!(devices[0].driver, format!("ONNX Runtime {}", backend.version()));
    assert!(devices.iter().all(|device| device.id.as_str().starts_with("ort-")));
    // Services that the library knows are no devices.
    assert!(!devices.iter().any(|device| device.id.as_str().contains("azure")));
}

#[test]
fn a_second_file_is_refused_and_the_same_one_is_shared() {
    let _first = backend();
    let _second = backend();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("libonnxruntime.so");
    std::fs::copy(library(), &copy).unwrap();
    let error = OnnxRuntime::open(&copy, OrtOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{}", error.report());
    let more = OrtOptions { threads: Some(3), ..OrtOptions::default() };
    let error = OnnxRuntime::open(&library(), more).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{}", error.report());
}
