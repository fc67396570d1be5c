use std::path::PathBuf;

use godwit_backend::{Backend, ErrorKind, Wall};
use godwit_openvino::{OpenVino, OpenVinoOptions};

/// The library that the chores installed.
pub(crate) fn path() -> PathBuf {
    let engines = std::env::var_os("GODWIT_ENGINES").unwrap_or_default();
    let path = PathBuf::from(engines).join("openvino/2026.4.1/libopenvino_c.so.2641");
    assert!(path.exists(), "{} is missing: run `cargo xtask setup`", path.display());
    path
}

pub(crate) fn open() -> OpenVino {
    // Nobody else is in this process.
    let options = OpenVinoOptions { wall: Wall::Own, ..Default::default() };
    OpenVino::open(&path(), options).unwrap()
}

#[test]
fn a_library_that_is_not_there_is_unavailable_without_its_path() {
    let missing = path().with_file_name("libopenvino_c.so.1");
    let error = OpenVino::open(&missing, OpenVinoOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.message(), "the OpenVINO library could not be loaded");
    assert!(error.report().len() > error.message().len(), "the operator is told why");
}

#[test]
fn a_process_opens_one_library() {
    open();
    open();
    let copy = tempfile::tempdir().unwrap();
    let other = copy.path().join("libopenvino_c.so.2641");
    std::fs::copy(path(), &other).unwrap();
    let error = OpenVino::open(&other, OpenVinoOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("another one is open"), "{error}");
}

#[test]
fn the_processor_is_listed_with_its_name_and_the_librarys_version() {
    let devices = open().devices().unwrap();
    let cpu = devices.iter().find(|device| device.id.as_str() == "openvino-cpu:0").unwrap();
    assert!(cpu.driver.starts_with("OpenVINO 2026.4.1 (build "), "{}", cpu.driver);
    assert!(!cpu.name.is_empty() && !cpu.driver.contains('/'));
    assert!(cpu.memory.unwrap().total > cpu.memory.unwrap().free);
}
