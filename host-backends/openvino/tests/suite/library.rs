use std::path::PathBuf;
use std::sync::Arc;

use godwit_backend::Target;
use godwit_conformance::Subject;
use godwit_conformance::models::OnnxModels;
use godwit_openvino::{OpenVino, OpenVinoOptions};

/// The library that the chores installed.
pub(crate) fn path() -> PathBuf {
    let engines = std::env::var_os("GODWIT_ENGINES").unwrap_or_default();
    let path = PathBuf::from(engines).join("openvino/2026.4.1/libopenvino_c.so.2641");
    assert!(path.exists(), "{} is missing: run `cargo xtask setup`", path.display());
    path
}

pub(crate) fn open() -> OpenVino {
    OpenVino::open(&path(), OpenVinoOptions::default()).unwrap()
}

pub(crate) fn subject() -> Subject {
    Subject {
        backend: Arc::new(open()),
        target: Target::new("openvino-cpu:0"),
        models: Arc::new(OnnxModels),
        lacks: &[],
        checked: false,
        held: None,
    }
}
