use std::sync::Arc;

use godwit_backend::{DType, Model, Target};
use godwit_conformance::models::OnnxModels;
use godwit_conformance::{BadModel, Case, Held, Models, Reference, Subject};
use godwit_fixtures::onnx::Graph;
use godwit_fixtures::{dims, migraphx};
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
        held: Held::Resident,
    }
}

pub(crate) fn open(options: RocmOptions) -> Rocm {
    Rocm::open_reference(&migraphx::library().unwrap(), options).unwrap()
}

/// `x` f32\[rows, 256\] -> `y`, the same by its negative. A chain of products as in other suites would
/// take minutes: this implementation multiplies slowly, and cannot be stopped.
fn long() -> Vec<u8> {
    let mut graph = Graph::new("long");
    graph.input("x", DType::F32, dims!["rows", 256]);
    let mut last = "x".to_owned();
    for turn in 1..=8 {
        let next = if turn == 8 { "y".to_owned() } else { format!("h{turn}") };
        graph.node("Neg", last.as_str(), &next);
        last = next;
    }
    graph.output("y", DType::F32, dims!["rows", 256]);
    graph.into_bytes()
}

/// ONNX files, the long one shorter.
#[derive(Debug)]
struct ReferenceModels;

impl Models for ReferenceModels {
    fn model(&self, case: &Case) -> Model {
        match case {
            Case::Long => Model::onnx("Long", long()),
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
