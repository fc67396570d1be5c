use godwit_backend::{CheckedContext, Dim, Memory, Quota, Shape};
use godwit_fixtures::models::{DIGITS_LOGITS, DIGITS_ONNX};

use super::*;

/// The first two held-out images, a 2 and a 0, as grey levels.
const IMAGES: [[u8; 64]; 2] = [
    [
        0, 0, 112, 255, 223, 48, 0, 0, 0, 0, 143, 223, 175, 239, 0, 0, 0, 0, 16, 80, 0, 239, 80, 0,
        0, 0, 0, 0, 0, 255, 80, 0, 0, 0, 0, 0, 48, 255, 64, 0, 0, 0, 0, 16, 191, 223, 16, 0, 0, 0,
        80, 191, 255, 255, 223, 16, 0, 0, 128, 255, 223, 159, 207, 48,
    ],
    [
        0, 0, 32, 223, 207, 48, 0, 0, 0, 0, 207, 207, 143, 175, 0, 0, 0, 0, 255, 112, 0, 191, 0, 0,
        0, 48, 255, 80, 0, 159, 80, 0, 0, 80, 255, 16, 0, 128, 80, 0, 0, 48, 255, 16, 0, 159, 80,
        0, 0, 0, 255, 128, 80, 223, 48, 0, 0, 0, 64, 255, 255, 143, 16, 0,
    ],
];

fn batch(size: usize) -> Tensor {
    let images = IMAGES.iter().cycle().take(size).flatten();
    let pixels: Vec<f32> = images.map(|&grey| f32::from(grey) / 255.0).collect();
    floats([size, 1, 8, 8], &pixels)
}

fn expected(size: usize) -> Vec<f32> {
    let row = |line: &str| line.split(',').map(|it| it.parse().unwrap()).collect::<Vec<f32>>();
    let rows: Vec<_> = DIGITS_LOGITS.lines().take(2).map(row).collect();
    rows.iter().cycle().take(size).flatten().copied().collect()
}

#[test]
fn the_signature_is_the_models_own() {
    let graph = load(&backend(1, NEVER), DIGITS_ONNX);
    let signature = &graph.info().signature;
    assert_eq!(signature.inputs[0].to_string(), "image: f32[batch, 1, 8, 8]");
    assert_eq!(signature.outputs[0].to_string(), "logits: f32[batch, 10]");
    assert_eq!(signature.inputs[0].dims.as_ref().unwrap()[0], Dim::Symbol("batch".into()));
    assert_eq!((signature.inputs.len(), signature.outputs.len()), (1, 1));
    // 38 k parameters of 4 bytes.
    assert!(graph.info().footprint.total() > 150_000, "{}", graph.info().footprint.total());
}

#[test]
fn logits_are_the_references_for_any_batch_on_worker_and_caller() {
    for inline_under in [NEVER, ALWAYS] {
        let graph = load(&backend(2, inline_under), DIGITS_ONNX);
        let mut context = context(&graph);
        for size in [1, 7, 0, 2, 1] {
            let outputs = run(&mut context, [batch(size)]).unwrap();
            assert_eq!(*outputs[0].shape(), Shape::from([size, 10]));
            let logits = outputs[0].values::<f32>().unwrap();
            let wanted = expected(size);
            let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-4;
            assert!(logits.iter().zip(&wanted).all(near), "{logits:?} is not {wanted:?}");
            assert_eq!(logits.len(), wanted.len());
        }
    }
}

#[test]
fn a_batch_beyond_the_outputs_budget_is_too_large_and_the_context_goes_on() {
    let graph = load(&backend(1, NEVER), DIGITS_ONNX);
    let budget = godwit_backend::Budget::new("tensors", 100);
    let memory = Memory::new(Default::default(), budget);
    let mut context =
        block_on(CheckedContext::open(&graph, &Quota::of_host(memory.clone()))).unwrap();
    let error = run(&mut context, [batch(7)]).unwrap_err();
    assert_eq!(error.kind(), godwit_backend::ErrorKind::TooLarge);
    assert_eq!(run(&mut context, [batch(2)]).unwrap()[0].byte_len(), 80);
    assert_eq!(memory.budget().used(), 0);
}
