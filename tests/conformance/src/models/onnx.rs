use godwit_backend::{DType, Model};
use godwit_fixtures::{dims, models as fixtures};

use super::{BadModel, Case, Models, Reference};

/// ONNX files.
#[derive(Debug, Clone, Copy, Default)]
pub struct OnnxModels;

impl Models for OnnxModels {
    fn model(&self, case: &Case) -> Model {
        let bytes = match case {
            Case::Echo(dtype) => fixtures::echo(*dtype, dims!["batch", 3]),
            Case::EchoScalar => fixtures::echo(DType::F32, dims![]),
            Case::EchoFixed => fixtures::echo(DType::F32, dims![2, 3]),
            Case::Add => fixtures::add(),
            Case::Scale(factor) => fixtures::scale(*factor),
            Case::Split => fixtures::split(),
            Case::Mixed => fixtures::mixed(),
            Case::Expand => fixtures::expand(),
            Case::Long => fixtures::matmul_chain(256, 100),
            Case::Heavy => fixtures::matmul_chain(2048, 1),
            Case::UnknownOperator => bad("unknown-op"),
        };
        Model::onnx(format!("{case:?}"), bytes)
    }

    fn garbage(&self) -> Model {
        Model::onnx("garbage", bad("garbage"))
    }

    fn bad(&self) -> Vec<BadModel> {
        let bad = fixtures::bad_models().into_iter().map(|bad| BadModel {
            name: bad.name.into(),
            model: Model::onnx(bad.name, bad.bytes),
            structural: bad.structural,
        });
        bad.collect()
    }

    /// Those of the models that are kept in the repository.
    fn references(&self) -> Vec<Reference> {
        let all = godwit_fixtures::references().expect("the references can be read");
        let kept = all.into_iter().filter_map(|reference| {
            let model = Model::onnx(&reference.model, reference.onnx()?);
            let godwit_fixtures::Reference { model: name, inputs, outputs } = reference;
            Some(Reference { name, model, inputs, outputs })
        });
        kept.collect()
    }
}

fn bad(name: &str) -> Vec<u8> {
    let bad = fixtures::bad_models().into_iter().find(|bad| bad.name == name);
    bad.expect("a hostile model of this name").bytes
}
