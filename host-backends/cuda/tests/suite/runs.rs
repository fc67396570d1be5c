use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use futures::executor::block_on;
use futures::future::join;
use godwit_backend::{
    Backend, CheckedContext, DType, Device, ErrorKind, Memory, Quota, Target, Tensor, TensorData,
};
use godwit_cuda::Environment;
use godwit_fixtures::models;

use crate::standin::{backend, one, onnx, rows, standin, twice, values, with};

fn close(left: &[f32], right: &[f32]) {
    assert_eq!(left.len(), right.len());
    let off = left.iter().zip(right).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-4, "off by {off}");
}

#[test]
fn products_by_a_kernel_and_by_the_library_are_right() {
    let (_one, standin) = standin();
    let backend = backend();
    let unknown = standin.read("standin_unknown");
    block_on(async {
        let graph =
            backend.load(&onnx(models::matmul_chain(8, 2)), &Target::new("cuda:0")).await.unwrap();
        assert_eq!(graph.info().device.labels[Device::OPERATORS_ELSEWHERE], "0");
        assert_eq!(graph.info().device.labels[Device::MULTIPLIES_IN], "f32");
        let mut context = CheckedContext::open(&graph, &Quota::unlimited()).await.unwrap();
        for count in [1, 4, 40] {
            let input = rows(count, 8);
            let outputs = context.run(one(input.clone())).await.unwrap();
            assert!(matches!(outputs[0].data(), TensorData::Device(_)), "{outputs:?}");
            assert_eq!(
                (outputs[0].dtype(), &outputs[0].shape()[..]),
                (DType::F32, &[count, 8][..])
            );
            close(&values(&outputs[0]).await, &values(&input).await);
        }
    });
    assert_eq!(standin.read("standin_unknown"), unknown, "a kernel ran that the stand-in lacks");
}

#[test]
fn a_network_with_convolutions_and_pooling_stays_on_the_gpu() {
    let (_one, _) = standin();
    let backend = backend();
    let digits = onnx(models::DIGITS_ONNX.to_vec());
    let graph = block_on(backend.load(&digits, &Target::new("cuda:0"))).unwrap();
    assert_eq!(graph.info().device.labels[Device::OPERATORS_ELSEWHERE], "0");
}

#[test]
fn an_empty_batch_gives_an_empty_answer() {
    let (_one, _) = standin();
    let backend = backend();
    block_on(async {
        let graph =
            backend.load(&onnx(models::matmul_chain(8, 1)), &Target::new("cuda:0")).await.unwrap();
        let mut context = CheckedContext::open(&graph, &Quota::unlimited()).await.unwrap();
        let outputs = context.run(one(rows(0, 8))).await.unwrap();
        assert_eq!(outputs[0].shape()[..], [0, 8]);
        let error = context.run(one(rows(0, 7))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    });
}

#[test]
fn a_chain_of_graphs_crosses_the_bus_at_its_ends_alone() {
    let (_one, standin) = standin();
    let backend = backend();
    block_on(async {
        let model = onnx(models::matmul_chain(8, 1));
        let first = backend.load(&model, &Target::new("cuda:0")).await.unwrap();
        let second = backend.load(&model, &Target::new("cuda:0")).await.unwrap();
        let memory = Memory::unlimited();
        let mut one_lane =
            CheckedContext::open(&first, &Quota::of_host(memory.clone())).await.unwrap();
        let mut other_lane =
            CheckedContext::open(&second, &Quota::of_host(memory.clone())).await.unwrap();
        let input = rows(3, 8);
        let counters = || (standin.read("standin_to_device"), standin.read("standin_to_host"));
        let (sent, fetched) = counters();
        let traffic = backend.traffic();
        let mut tensors = one(input.clone());
        for _ in 0..10 {
            tensors = one_lane.run(tensors).await.unwrap();
            tensors = other_lane.run(tensors).await.unwrap();
        }
        assert_eq!(counters(), (sent + 96, fetched), "bytes crossed between the graphs");
        close(&values(&tensors[0]).await, &values(&input).await);
        assert_eq!(counters(), (sent + 96, fetched + 96));
        let now = backend.traffic();
        assert_eq!(now.to_device - traffic.to_device, 96);
        assert_eq!(now.to_host - traffic.to_host, 96);
        assert_eq!(now.weights, traffic.weights);
    });
}

#[test]
fn two_contexts_run_on_two_streams_side_by_side() {
    let (_one, standin) = standin();
    let backend = backend();
    assert!(standin.read("standin_streams") >= 3, "one for each stream, one for loading");
    block_on(async {
        let graph = backend
            .load(&onnx(models::matmul_chain(16, 40)), &Target::new("cuda:0"))
            .await
            .unwrap();
        let memory = Memory::unlimited();
        let mut left = CheckedContext::open(&graph, &Quota::of_host(memory.clone())).await.unwrap();
        let mut right =
            CheckedContext::open(&graph, &Quota::of_host(memory.clone())).await.unwrap();
        let (a, b) = (rows(30, 16), rows(70, 16));
        for _ in 0..5 {
            let (x, y) = join(left.run(one(a.clone())), right.run(one(b.clone()))).await;
            close(&values(&x.unwrap()[0]).await, &values(&a).await);
            close(&values(&y.unwrap()[0]).await, &values(&b).await);
        }
    });
}

#[test]
fn tf32_is_for_the_graph_that_asked_for_it_and_for_no_other() {
    let (_one, _) = standin();
    let backend = with(Environment::default());
    block_on(async {
        let model = onnx(models::matmul_chain(8, 1));
        let asked = Target::new("cuda:0").with_option("precision", "tf32");
        let fast = backend.load(&model, &asked).await.unwrap();
        let full = backend.load(&model, &Target::new("cuda:0")).await.unwrap();
        assert_eq!(fast.info().device.labels[Device::MULTIPLIES_IN], "tf32");
        let memory = Memory::unlimited();
        // With a third context between them, the second pair stands on the other streams.
        let mut held = Vec::new();
        for _ in 0..2 {
            let mut fast =
                CheckedContext::open(&fast, &Quota::of_host(memory.clone())).await.unwrap();
            held.push(CheckedContext::open(&full, &Quota::of_host(memory.clone())).await.unwrap());
            let mut full =
                CheckedContext::open(&full, &Quota::of_host(memory.clone())).await.unwrap();
            let exact = values(&full.run(one(rows(16, 8))).await.unwrap()[0]).await;
            let rough = values(&fast.run(one(rows(16, 8))).await.unwrap()[0]).await;
            let again = values(&full.run(one(rows(16, 8))).await.unwrap()[0]).await;
            assert_eq!(exact, again);
            assert!(exact.iter().zip(&rough).any(|(a, b)| (a - b).abs() > 1e-4));
        }
    });
}

#[test]
fn operators_that_the_gpu_lacks_are_refused_or_counted() {
    let (_one, _) = standin();
    let backend = backend();
    block_on(async {
        let model = onnx(models::echo(DType::F64, [2]));
        let error = backend.load(&model, &Target::new("cuda:0")).await.err();
        // An echo of a dtype that the GPU lacks is no operator at all.
        assert!(error.is_none(), "{error:?}");
        let model = onnx(twice(DType::F64));
        let error = backend.load(&model, &Target::new("cuda:0")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("1 of the model's operators"), "{error}");
        let allowed = Target::new("cuda:0").with_option("fallback", "allowed");
        let graph = backend.load(&model, &allowed).await.unwrap();
        assert_eq!(graph.info().device.labels[Device::OPERATORS_ELSEWHERE], "1");
        let mut context = CheckedContext::open(&graph, &Quota::unlimited()).await.unwrap();
        let input = Tensor::from_values([2], &[1.5f64, 2.0]).unwrap();
        let outputs = context.run(one(input)).await.unwrap();
        assert_eq!(outputs[0].values::<f64>().unwrap(), [3.0, 4.0]);
    });
}

#[test]
fn a_context_survives_a_run_that_was_dropped() {
    let (_one, _) = standin();
    let backend = backend();
    block_on(async {
        let graph = backend
            .load(&onnx(models::matmul_chain(8, 200)), &Target::new("cuda:0"))
            .await
            .unwrap();
        let mut context = CheckedContext::open(&graph, &Quota::unlimited()).await.unwrap();
        let mut dropped = 0;
        for _ in 0..20 {
            let run = pin!(context.run(one(rows(64, 8))));
            // On a busy machine the stream may be done before this thread goes on.
            dropped += usize::from(run.poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert!(dropped > 0, "no run was dropped before its end");
        let input = rows(2, 8);
        let outputs = context.run(one(input.clone())).await.unwrap();
        close(&values(&outputs[0]).await, &values(&input).await);
    });
}
