//! Two GPUs by two processes: each drives the one that its library can drive.
//!
//! The program is both: started with `serve` it is the process for the second GPU. It has no harness but
//! `libtest-mimic`'s.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    dead_code,
    reason = "a panic here is a failed test; the stand-in serves other tests too"
)]

#[path = "suite/standin.rs"]
mod standin;

use std::sync::Arc;

use futures::executor::block_on;
use godwit_backend::{Backend, CheckedContext, ErrorKind, Memory, Quota, Target, TensorData};
use godwit_fixtures::models;
use godwit_worker::{Profile, WorkerPerDevice, again, serve};
use libtest_mimic::{Arguments, Trial};

use standin::{backend, one, onnx, rows, standin, values};

const SECOND: &str = "GPU-22222222-2222-2222-2222-222222222222";

fn main() {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        let (_one, _standin) = standin();
        return serve(&Profile::open(), || Ok(Arc::new(backend()))).unwrap();
    }
    let test = Trial::test("each_gpu_runs_in_the_process_that_drives_it", || {
        each_gpu_runs_in_the_process_that_drives_it();
        Ok(())
    });
    libtest_mimic::run(&Arguments::from_args(), vec![test]).exit();
}

fn each_gpu_runs_in_the_process_that_drives_it() {
    let (_one, standin) = standin();
    let spread = WorkerPerDevice::new(Arc::new(backend()), || {
        let mut command = again().unwrap();
        command.arg("serve");
        command
    });
    let model = onnx(models::matmul_chain(8, 1));
    let memory = Memory::unlimited();
    let by_uuid = format!("cuda:{SECOND}");
    for (asked, device, is_here) in
        [("cuda:0", "cuda:0", true), ("cuda:1", "cuda:1", false), (&*by_uuid, "cuda:1", false)]
    {
        let before = standin.read("standin_to_device");
        let graph = block_on(spread.load(&model, &Target::new(asked))).unwrap();
        assert_eq!(graph.info().device.id.as_str(), device);
        let uuid = &graph.info().device.labels["uuid"];
        assert_eq!(uuid == SECOND, !is_here, "{uuid} answered for {asked}");
        let mut context =
            block_on(CheckedContext::open(&graph, &Quota::of_host(memory.clone()))).unwrap();
        let input = rows(4, 8);
        let outputs = block_on(context.run(one(input.clone()))).unwrap();
        assert!(matches!(outputs[0].data(), TensorData::Device(_)), "it stays on its GPU");
        let chained = block_on(context.run(outputs)).unwrap();
        let (left, right) = (block_on(values(&chained[0])), block_on(values(&input)));
        assert!(left.iter().zip(&right).all(|(a, b)| (a - b).abs() < 1e-4), "{left:?}");
        let sent = standin.read("standin_to_device") > before;
        assert_eq!(sent, is_here, "this process's GPU was used for {asked}");
    }
    let error = block_on(spread.load(&model, &Target::new("cuda:2"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
