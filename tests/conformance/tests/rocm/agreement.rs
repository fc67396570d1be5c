//! A model of real size gives one answer, whichever engine computes it. The small ones are in the suite.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use futures::executor::block_on;
use godwit_backend::{Backend, Model, Quota, Target, Tensor};
use godwit_fixtures::references;
use godwit_rocm::RocmOptions;

use crate::subject::{DEVICE, open};

pub(crate) const TESTS: &[(&str, fn())] =
    &[("minilm_is_as_onnx_runtime_has_it", minilm_is_as_onnx_runtime_has_it)];

fn rocm() -> Arc<dyn Backend> {
    Arc::new(open(RocmOptions::default()))
}

fn ask(
    backend: &Arc<dyn Backend>,
    device: &str,
    model: &Model,
    inputs: Vec<(String, Tensor)>,
) -> Vec<Tensor> {
    let graph = block_on(backend.load(model, &Target::new(device))).unwrap();
    let inputs = graph.info().signature.arrange(inputs).unwrap();
    let mut context = block_on(graph.context(&Quota::unlimited())).unwrap();
    block_on(context.run(inputs)).unwrap().into_vec()
}

/// Fifty layers of sums in another order stay below the tolerance; a narrower dtype exceeds it a hundred
/// times.
fn assert_near(got: &Tensor, wanted: &Tensor) {
    assert_eq!((got.dtype(), got.shape()), (wanted.dtype(), wanted.shape()));
    let (got, wanted) = (got.values::<f32>().unwrap(), wanted.values::<f32>().unwrap());
    let mut sizes: Vec<f32> = wanted.iter().map(|it| it.abs()).collect();
    sizes.sort_by(f32::total_cmp);
    let typical = sizes[sizes.len() / 2];
    for (at, (got, wanted)) in got.iter().zip(wanted).enumerate() {
        let far = (got - wanted).abs();
        assert!(far <= 1e-4 * (wanted.abs() + typical), "element {at}: {got} is not {wanted}");
    }
}

fn minilm_is_as_onnx_runtime_has_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/models/minilm/minilm.onnx");
    let onnx = fs::read(path).expect("target/models/minilm: run `cargo xtask setup`");
    let model = Model::onnx("minilm", onnx);
    let rocm = rocm();
    // The shortest sentence: this implementation takes seconds for a word.
    let known = references().unwrap().into_iter().filter(|it| it.model == "minilm");
    let shortest = known.min_by_key(|it| it.inputs[0].1.byte_len()).unwrap();
    let got = ask(&rocm, DEVICE, &model, shortest.inputs);
    assert_eq!(got.len(), shortest.outputs.len());
    for (got, (_, wanted)) in got.iter().zip(&shortest.outputs) {
        assert_near(got, wanted);
    }
}
