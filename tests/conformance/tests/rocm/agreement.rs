//! Models of real size give one answer, whichever engine computes it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use futures::executor::block_on;
use godwit_backend::{Backend, Memory, Model, Target, Tensor};
use godwit_cpu::CpuBackend;
use godwit_fixtures::{models, references};
use godwit_rocm::RocmOptions;

use crate::subject::{DEVICE, open};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("minilm_is_as_onnx_runtime_has_it", minilm_is_as_onnx_runtime_has_it),
    ("mobilenet_is_as_the_cpu_has_it", mobilenet_is_as_the_cpu_has_it),
];

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
    let inputs = graph.signature().arrange(inputs).unwrap();
    let mut context = block_on(graph.context(&Memory::unlimited())).unwrap();
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
    let known = references().unwrap().into_iter().filter(|it| it.model == "minilm");
    let mut compared = 0;
    for reference in known {
        let got = ask(&rocm, DEVICE, &model, reference.inputs);
        for (got, (_, wanted)) in got.iter().zip(&reference.outputs) {
            assert_near(got, wanted);
            compared += 1;
        }
    }
    assert!(compared > 0, "there is nothing to compare with");
}

fn mobilenet_is_as_the_cpu_has_it() {
    let model = Model::onnx("mobilenet", models::mobilenet(7));
    let cpu: Arc<dyn Backend> = Arc::new(CpuBackend::new(Default::default()).unwrap());
    let graph = block_on(cpu.load(&model, &Target::new("cpu:0"))).unwrap();
    let input = &graph.signature().inputs[0];
    let pixels: Vec<f32> = (0..3 * 224 * 224u32).map(|at| (at * 31 % 255) as f32 / 255.0).collect();
    let image = Tensor::from_values([1, 3, 224, 224], &pixels).unwrap();
    let question = || vec![(input.name.to_string(), image.clone())];
    let wanted = ask(&cpu, "cpu:0", &model, question());
    let got = ask(&rocm(), DEVICE, &model, question());
    assert_near(&got[0], &wanted[0]);
}
