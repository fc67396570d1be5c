use futures::executor::block_on;
use godwit_backend::{Backend, CheckedContext, ErrorKind, Memory, Quota, Target};
use godwit_fixtures::models;

use crate::standin::{backend, one, onnx, rows, standin, values};

#[test]
fn a_full_gpu_is_out_of_memory_and_serves_again_when_there_is_room() {
    let (_one, standin) = standin();
    let backend = backend();
    block_on(async {
        let model = onnx(models::matmul_chain(64, 3));
        let target = Target::new("cuda:0");
        let graph = backend.load(&model, &target).await.unwrap();
        let memory = Memory::unlimited();
        let mut context =
            CheckedContext::open(&graph, &Quota::of_host(memory.clone())).await.unwrap();
        let live = standin.read("standin_live");
        standin.tell("standin_memory", live + 1024);
        for rows in [rows(200, 64), rows(9000, 64)] {
            let error = context.run(one(rows)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{}", error.report());
            assert!(!error.message().contains("CUDA"), "{error}");
        }
        let error = backend.load(&model, &target).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{}", error.report());
        standin.tell("standin_memory", 1 << 30);
        backend.load(&model, &target).await.unwrap();
        let outputs = context.run(one(rows(2, 64))).await.unwrap();
        assert_eq!(values(&outputs[0]).await.len(), 128);
        assert_eq!(backend.devices().unwrap().len(), 2, "a full GPU is not a lost one");
    });
}

#[test]
fn each_call_that_fails_is_an_error_of_that_run_alone() {
    let (_one, standin) = standin();
    let backend = backend();
    block_on(async {
        let graph =
            backend.load(&onnx(models::matmul_chain(8, 3)), &Target::new("cuda:0")).await.unwrap();
        let mut context = CheckedContext::open(&graph, &Quota::unlimited()).await.unwrap();
        for (call, code, kind) in [
            ("allocate", 2, ErrorKind::OutOfMemory),
            ("send", 1, ErrorKind::Failed),
            ("launch", 1, ErrorKind::Failed),
            ("launch", 801, ErrorKind::Unsupported),
            ("synchronize", 2, ErrorKind::OutOfMemory),
        ] {
            standin.fail(call, 0, code);
            let error = context.run(one(rows(4, 8))).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{call} {code}: {}", error.report());
            let outputs = context.run(one(rows(4, 8))).await.unwrap();
            assert_eq!(values(&outputs[0]).await.len(), 32, "after {call} {code}");
        }
        let outputs = context.run(one(rows(4, 8))).await.unwrap();
        standin.fail("fetch", 0, 2);
        let error = outputs[0].to_host(&Memory::unlimited()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfMemory);
        assert_eq!(values(&outputs[0]).await.len(), 32, "a failed read may be tried again");
    });
}
