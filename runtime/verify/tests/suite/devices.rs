//! A sound device, a faulty one, and what they are asked.

use std::sync::Arc;

use futures::executor::block_on;
use godwit_backend::{Backend, DType, DeviceKind, Dim, Model, Target};
use godwit_fake::{FakeBackend, FakeDevice, Op, Script};
use godwit_verify::{
    Attempt, GenerateOptions, Replay, ReplayOptions, Report, VerifyOptions, generate, verify,
};

pub(crate) fn sound() -> FakeDevice {
    FakeDevice::new(DeviceKind::Cpu)
}

/// `fake:0` is sound, `fake:1` is `faulty`.
pub(crate) fn pair(faulty: FakeDevice) -> Arc<dyn Backend> {
    Arc::new(FakeBackend::builder().device(sound()).device(faulty).build())
}

pub(crate) fn targets() -> [Target; 2] {
    [Target::new("fake:0"), Target::new("fake:1")]
}

/// `x` f32[batch, 256] -> `logits` f32[batch, 10], with weights that are no round numbers.
pub(crate) fn classifier() -> Model {
    let weights = (0..2560u32).map(|n| (f64::from(n * 7919 % 1000) - 500.0) / 700.0).collect();
    let dims = |size| [Dim::Symbol("batch".into()), Dim::Known(size)];
    let script = Script::new(Op::Linear { weights, columns: 10 });
    script
        .input("x", DType::F32, dims(256))
        .output("logits", DType::F32, dims(10))
        .model("classifier")
}

/// Two inputs given back under other names.
pub(crate) fn two_outputs() -> Model {
    let dims = [Dim::Symbol("batch".into()), Dim::Known(4)];
    let script = Script::new(Op::Echo);
    let script = script.input("a", DType::F32, dims.clone()).input("b", DType::F32, dims.clone());
    script.output("left", DType::F32, dims.clone()).output("right", DType::F32, dims).model("two")
}

/// An echo of one input.
pub(crate) fn echo(dtype: DType, dims: &[usize]) -> Model {
    Script::echo(dtype, dims.iter().map(|&size| Dim::Known(size))).model("echo")
}

pub(crate) fn replay(model: &Model, batch: usize) -> Replay {
    let backend = pair(sound());
    let graph = block_on(backend.load(model, &Target::new("fake:0"))).unwrap();
    let mut options = GenerateOptions { random: 6, ..GenerateOptions::default() };
    options.dims.insert("batch".into(), batch);
    let samples = generate(model, &graph.info().signature, &options).unwrap();
    Replay {
        models: vec![model.clone()],
        samples,
        options: ReplayOptions { warmup: 0, repeats: 2 },
    }
}

pub(crate) fn verified(replay: &Replay, faulty: FakeDevice) -> (Report, Vec<Attempt>) {
    let options = VerifyOptions::default();
    block_on(verify(&pair(faulty), replay, &targets(), &options)).unwrap()
}

/// The attempts of recordings made elsewhere.
pub(crate) fn attempts(replay: &Replay, device: FakeDevice) -> Vec<Attempt> {
    let backend: Arc<dyn Backend> = Arc::new(FakeBackend::builder().device(device).build());
    let recording = block_on(replay.run(&backend, &Target::new("fake:0")));
    vec![Attempt::recorded("fake:0", recording)]
}
