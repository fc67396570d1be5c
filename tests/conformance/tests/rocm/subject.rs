use std::sync::Arc;

use godwit_backend::{Model, Target};
use godwit_conformance::models::OnnxModels;
use godwit_conformance::{BadModel, Case, Models, Reference, Subject, migraphx};
use godwit_fixtures::models;
use godwit_rocm::{Rocm, RocmOptions};

/// The device under test.
pub(crate) const DEVICE: &str = "rocm-ref:0";

/// MIGraphX's reference implementation.
pub(crate) fn rocm() -> Subject {
    Subject {
        backend: Arc::new(open(RocmOptions::default())),
        target: Target::new(DEVICE),
        models: Arc::new(ReferenceModels),
        lacks: &["expand"],
        checked: false,
        held: None,
    }
}

pub(crate) fn open(options: RocmOptions) -> Rocm {
    Rocm::open_reference(&migraphx::library(), options).unwrap()
}

/// ONNX files, the long one shorter: this implementation multiplies fifty times slower than others, and
/// cannot be stopped.
#[derive(Debug)]
struct ReferenceModels;

impl Models for ReferenceModels {
    fn model(&self, case: &Case) -> Model {
        match case {
            Case::Long => Model::onnx("Long", models::matmul_chain(256, 2)),
            case => OnnxModels.model(case),
        }
    }

    fn garbage(&self) -> Model {
        OnnxModels.garbage()
    }

    fn bad(&self) -> Vec<BadModel> {
        OnnxModels.bad()
    }

    fn references(&self) -> Vec<Reference> {
        OnnxModels.references()
    }
}
