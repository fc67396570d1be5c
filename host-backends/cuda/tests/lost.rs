//! A GPU that is lost stays lost: in a process of its own, for nothing else can be tested after it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    dead_code,
    reason = "a panic here is a failed test; the stand-in serves other tests too"
)]

#[path = "suite/standin.rs"]
mod standin;

use futures::executor::block_on;
use godwit_backend::{Backend, CheckedContext, ErrorKind, Memory, Quota, Target};
use godwit_fixtures::models;

use standin::{backend, one, onnx, rows, standin};

#[test]
fn a_lost_gpu_is_told_at_once_and_from_then_on() {
    let (_one, standin) = standin();
    let backend = backend();
    block_on(async {
        let model = onnx(models::matmul_chain(8, 3));
        let graph = backend.load(&model, &Target::new("cuda:0")).await.unwrap();
        let memory = Memory::unlimited();
        let mut context =
            CheckedContext::open(&graph, &Quota::of_host(memory.clone())).await.unwrap();
        let mut other =
            CheckedContext::open(&graph, &Quota::of_host(memory.clone())).await.unwrap();
        let outputs = other.run(one(rows(2, 8))).await.unwrap();

        // An illegal address, as after a driver's Xid 31: sticky.
        standin.fail("launch", 1, 700);
        let error = context.run(one(rows(4, 8))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DeviceLost, "{}", error.report());
        assert!(error.report().contains("CUDA_ERROR_ILLEGAL_ADDRESS"), "{}", error.report());

        let sent = standin.read("standin_to_device");
        for error in [
            context.run(one(rows(4, 8))).await.unwrap_err(),
            other.run(one(rows(4, 8))).await.unwrap_err(),
            outputs[0].to_host(&memory).await.unwrap_err(),
            CheckedContext::open(&graph, &Quota::of_host(memory.clone())).await.unwrap_err(),
            backend.load(&model, &Target::new("cuda:0")).await.unwrap_err(),
            backend.devices().unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::DeviceLost);
            assert!(error.kind().is_retryable(), "another device may serve");
        }
        assert_eq!(standin.read("standin_to_device"), sent, "a lost GPU was asked again");
        drop((context, other, outputs, graph));
    });
}
