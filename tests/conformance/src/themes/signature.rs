use godwit_backend::{DType, Dim, TensorInfo};

use crate::{Case, Subject};

pub async fn the_signature_is_that_of_the_model(subject: Subject) {
    let n = || [Dim::Symbol("n".into())];
    let f32 = |name: &str, dims: &[Dim]| TensorInfo::new(name, DType::F32, dims.iter().cloned());
    let rows = [Dim::Symbol("n".into()), Dim::Known(3)];
    let fixed = [Dim::Known(2), Dim::Known(3)];
    let ids = TensorInfo::new("ids", DType::I64, n());
    for (case, inputs, outputs) in [
        (Case::Add, vec![f32("a", &n()), f32("b", &n())], vec![f32("sum", &n())]),
        (Case::Split, vec![f32("x", &rows)], vec![f32("doubled", &rows), f32("total", &n())]),
        (Case::Mixed, vec![ids, f32("mask", &n())], vec![f32("y", &n())]),
        (Case::EchoFixed, vec![f32("x", &fixed)], vec![f32("y", &fixed)]),
        (Case::EchoScalar, vec![f32("x", &[])], vec![f32("y", &[])]),
    ] {
        let graph = subject.load(&case).await.unwrap_or_else(|error| panic!("{case:?}: {error:?}"));
        assert_eq!(graph.info().signature.inputs, inputs, "{case:?}");
        assert_eq!(graph.info().signature.outputs, outputs, "{case:?}");
    }
}

/// The same name on both sides is what lets a caller know the size of what comes back.
pub async fn a_symbol_keeps_its_name_throughout(subject: Subject) {
    for dtype in subject.device().capabilities.dtypes {
        let graph = subject.load(&Case::Echo(dtype)).await.expect("a listed dtype");
        let signature = &graph.info().signature;
        assert_eq!((signature.inputs[0].dtype, signature.outputs[0].dtype), (dtype, dtype));
        let dims = Some(vec![Dim::Symbol("batch".into()), Dim::Known(3)]);
        assert_eq!(signature.inputs[0].dims, dims, "{dtype}");
        assert_eq!(signature.outputs[0].dims, dims, "{dtype}");
    }
}

pub async fn the_graph_stands_on_the_device_that_was_asked_for(subject: Subject) {
    let graph = subject.load(&Case::Add).await.expect("a plain addition");
    let (asked, given) = (subject.device(), &graph.info().device);
    assert_eq!(given.id, asked.id);
    assert_eq!((given.kind, &given.driver), (asked.kind, &asked.driver));
    assert_eq!(given.capabilities, asked.capabilities);
}
