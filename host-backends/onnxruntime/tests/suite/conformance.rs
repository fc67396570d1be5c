use std::sync::Arc;

use godwit_backend::Target;
use godwit_conformance::models::OnnxModels;
use godwit_conformance::{Subject, conformance};

use crate::common;

conformance!(onnxruntime, subject());

fn subject() -> Subject {
    Subject {
        backend: Arc::new(common::backend()),
        target: Target::new("ort-cpu:0"),
        models: Arc::new(OnnxModels),
        lacks: &[],
        checked: false,
        held: None,
    }
}
