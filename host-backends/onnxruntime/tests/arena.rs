//! The arena's limit is the process's, so this has a process of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic here is a failed test")]

#[path = "suite/common.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod common;

use futures::executor::block_on;
use godwit_backend::{Backend, ErrorKind, Memory, Model, Tensor};
use godwit_fixtures::models;
use godwit_onnxruntime::{OnnxRuntime, OrtOptions};

use common::{context, library, run, target};

#[test]
fn runs_take_no_more_than_the_arena_holds() {
    let options = OrtOptions { arena_limit: Some(64 << 20), ..OrtOptions::default() };
    let backend = OnnxRuntime::open(&library(), options).unwrap();
    let model = Model::onnx("expand", models::expand());
    let graph = block_on(backend.load(&model, &target())).unwrap();
    let mut context = context(&graph, &Memory::unlimited());
    let mut expand = |length: i64| {
        let x = Tensor::from_values([1], &[1f32]).unwrap();
        run(&mut context, [x, Tensor::from_values([1], &[length]).unwrap()])
    };
    let error = expand(100 << 20).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{}", error.report());
    let outputs = expand(1 << 20).unwrap();
    assert_eq!(outputs.first().map(Tensor::byte_len), Some(4 << 20));
}
