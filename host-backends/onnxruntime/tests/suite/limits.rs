//! What ends a load or a run that goes too far.

use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::executor::block_on;
use godwit_backend::{Arena, Backend, Budget, ErrorKind, Memory, Model, Tensor};
use godwit_fixtures::models;
use godwit_onnxruntime::{OnnxRuntime, OrtOptions};

use crate::common::{backend, context, library, load, run, target};

#[test]
fn a_dropped_run_ends_inside_a_loop() {
    let memory = Memory::new(Arena::default(), Budget::new("tensors", 1 << 20));
    let graph = load(models::spin(1 << 50)).unwrap();
    let mut endless = context(&graph, &memory);
    let x = memory.copy_from(&1f32.to_le_bytes()).unwrap();
    let x = Tensor::new(godwit_backend::DType::F32, [1].into(), x).unwrap();
    let mut running = endless.run([x].into_iter().collect());
    assert!((&mut running).now_or_never().is_none());
    std::thread::sleep(Duration::from_millis(50));
    drop(running);
    let began = Instant::now();
    while memory.budget().used() > 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "the run goes on");
        std::thread::sleep(Duration::from_millis(1));
    }
    let one = load(models::add()).unwrap();
    let term = || Tensor::from_values([1], &[1f32]).unwrap();
    run(&mut context(&one, &memory), [term(), term()]).unwrap();
}

#[test]
fn a_load_beyond_its_deadline_is_a_timeout() {
    let options = OrtOptions { load_deadline: Some(Duration::ZERO), ..OrtOptions::default() };
    let backend = OnnxRuntime::open(&library(), options).unwrap();
    let model = Model::onnx("chain", models::matmul_chain(64, 2000));
    let error = block_on(backend.load(&model, &target())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{}", error.report());
}

#[test]
fn a_constant_beyond_a_gigabyte_is_refused_before_it_is_filled() {
    let bomb = models::bad_models().into_iter().find(|bad| bad.name == "constant-of-shape-bomb");
    let error = load(bomb.unwrap().bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{}", error.report());
}

#[test]
fn every_hostile_model_is_a_clean_error_or_harmless() {
    let backend = backend();
    for bad in models::bad_models() {
        let loaded = block_on(backend.load(&Model::onnx(bad.name, bad.bytes), &target()));
        if let Err(error) = loaded {
            let library = library();
            let folder = library.parent().unwrap().to_str().unwrap();
            assert!(!error.message().contains(folder), "{}: {error}", bad.name);
            assert_ne!(error.kind(), ErrorKind::Internal, "{}: {}", bad.name, error.report());
        }
    }
}
