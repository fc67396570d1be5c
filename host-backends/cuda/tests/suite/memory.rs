use std::thread;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use godwit_backend::{
    Arena, Backend, Budget, CheckedContext, ErrorKind, Memory, Quota, Target, Tensor,
};
use godwit_fixtures::models;

use crate::standin::{StandIn, backend, one, onnx, rows, sigmoid, standin, values};

/// Waits for what a stream drops on its own time.
fn settles(standin: &StandIn, bytes: u64) {
    let end = Instant::now() + Duration::from_secs(10);
    while standin.read("standin_live") != bytes {
        let live = standin.read("standin_live");
        assert!(Instant::now() < end, "{live} bytes are held, not {bytes}");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_model_holds_its_weights_and_gives_all_back() {
    let (_one, standin) = standin();
    let backend = backend();
    let live = || standin.read("standin_live");
    block_on(async {
        let before = live();
        let model = onnx(models::matmul_chain(64, 4));
        let graph = backend.load(&model, &Target::new("cuda:0")).await.unwrap();
        let held = live() - before;
        assert!(held >= 64 * 64 * 4, "{held} bytes for the matrix");
        assert_eq!(graph.info().footprint.total(), held);
        let mut context = CheckedContext::open(&graph, &Quota::unlimited()).await.unwrap();
        let outputs = context.run(one(rows(100, 64))).await.unwrap();
        assert!(live() > before + held, "the output is on the GPU");
        drop(outputs);
        drop((context, graph));
        settles(standin, before);
        // Freed memory is kept for the next run while a model is loaded, and no longer.
        let end = Instant::now() + Duration::from_secs(10);
        while standin.read("standin_kept") != 0 {
            assert!(Instant::now() < end, "freed memory was not given back to the driver");
            thread::sleep(Duration::from_millis(1));
        }
    });
}

#[test]
fn a_tensor_in_the_arena_is_sent_from_where_it_lies() {
    let (_one, standin) = standin();
    let backend = backend();
    let counters = || {
        ["standin_registered", "standin_from_registered", "standin_pinned"]
            .map(|it| standin.read(it))
    };
    block_on(async {
        let model = onnx(models::matmul_chain(256, 1));
        let graph = backend.load(&model, &Target::new("cuda:0")).await.unwrap();
        // It keeps a block and a half: what is too much for it goes back to the system.
        let memory = Memory::new(Arena::new(3 << 16), Budget::unlimited());
        let mut context =
            CheckedContext::open(&graph, &Quota::of_host(memory.clone())).await.unwrap();
        let input = rows(64, 256);
        let in_arena = || {
            let bytes = memory.copy_from(input.host().unwrap()).unwrap();
            Tensor::new(input.dtype(), input.shape().clone(), bytes).unwrap()
        };
        // A tensor of nobody's arena goes by another way.
        let expected = values(&context.run(one(input.clone())).await.unwrap()[0]).await;
        let before = counters();
        let traffic = backend.traffic();
        for _ in 0..3 {
            let outputs = context.run(one(in_arena())).await.unwrap();
            assert!(values(&outputs[0]).await == expected, "another answer by another way");
        }
        // Locked once, sent three times, copied on the way never; what was pinned is for reading.
        let [registered, sent, _] = counters();
        assert_eq!((registered - before[0], sent - before[1]), (1 << 16, 3 << 16));
        let now = backend.traffic();
        assert_eq!(
            (now.in_place - traffic.in_place, now.to_device - traffic.to_device),
            (3 << 16, 3 << 16)
        );
        // So does one whose pages the driver does not lock.
        let (held, refused) = (in_arena(), in_arena());
        standin.fail("register", 0, 2);
        let outputs = context.run(one(refused)).await.unwrap();
        assert!(values(&outputs[0]).await == expected, "another answer by another way");
        assert_eq!(counters()[1], sent);
        drop(held);
        // Pages are released before they go back to the system.
        drop(memory.writable(3 << 16).unwrap());
        assert_eq!(counters()[0], before[0]);
    });
}

#[test]
fn outputs_are_charged_where_they_are() {
    let (_one, _) = standin();
    let backend = backend();
    block_on(async {
        let graph =
            backend.load(&onnx(models::matmul_chain(8, 1)), &Target::new("cuda:0")).await.unwrap();
        let memory = Memory::new(Default::default(), Budget::new("tensors", 200));
        let quota = Quota { host: memory.clone(), device: Budget::new("device memory", 500) };
        let mut context = CheckedContext::open(&graph, &quota).await.unwrap();
        let outputs = context.run(one(rows(8, 8))).await.unwrap();
        assert_eq!((memory.budget().used(), quota.device.used()), (0, 256));
        let error = outputs[0].to_host(&memory).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "the host has no room for a copy");
        let error = context.run(one(rows(16, 8))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        drop(outputs);
        assert_eq!(quota.device.used(), 0);
        context.run(one(rows(8, 8))).await.unwrap();
    });
}

#[test]
fn another_tenant_finds_zeros_where_nothing_was_written() {
    let (_one, standin) = standin();
    let backend = backend();
    block_on(async {
        let target = Target::new("cuda:0");
        let chain = backend.load(&onnx(models::matmul_chain(8, 1)), &target).await.unwrap();
        // The stand-in has no kernel for it: its output holds whatever its memory held before.
        let unwritten = backend.load(&onnx(sigmoid()), &target).await.unwrap();
        let leave = async |memory: &Memory| {
            let mut context =
                CheckedContext::open(&chain, &Quota::of_host(memory.clone())).await.unwrap();
            drop(context.run(one(rows(4, 8))).await.unwrap());
        };
        let (first, second) = (Memory::unlimited(), Memory::unlimited());
        leave(&first).await;
        let mut context =
            CheckedContext::open(&unwritten, &Quota::of_host(second.clone())).await.unwrap();
        let outputs = context.run(one(rows(4, 8))).await.unwrap();
        assert!(values(&outputs[0]).await.iter().all(|&value| value == 0.0));
        assert!(standin.read("standin_cleared") >= 128);
    });
}
