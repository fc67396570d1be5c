//! A real Triton server: the references' numbers come back through it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]

use godwit_backend::{Arena, Budget, CheckedContext, DType, ErrorKind, Memory, Quota, Tensor};
use godwit_fixtures::{Reference, references};
use godwit_remote::{Binary, Endpoint, Protocol, Remote, State};
use godwit_remote_tests::{Triton, assert_close, block_on, load, remote};

/// Runs every reference that `served` names, and returns how many there were.
async fn answers_as_the_references(backend: &Remote, served: impl Fn(&Reference) -> bool) -> usize {
    let references = references().unwrap().into_iter();
    let mut count = 0;
    for reference in references.filter(|reference| served(reference)) {
        let name = &reference.model;
        let graph = load(backend, name).await.unwrap_or_else(|error| {
            panic!("{name}: {}", error.report());
        });
        let memory = Memory::new(Arena::default(), Budget::new("tensors", 1 << 20));
        let mut context =
            CheckedContext::open(&graph, &Quota::of_host(memory.clone())).await.unwrap();
        let inputs = graph.info().signature.arrange(reference.inputs.clone()).unwrap();
        let outputs = context.run(inputs.into_tensors()).await;
        let outputs = outputs.unwrap_or_else(|error| panic!("{name}: {}", error.report()));
        assert!(
            memory.budget().used() > 0 || reference.outputs.iter().all(|(_, o)| o.byte_len() == 0)
        );
        let infos = &graph.info().signature.outputs;
        for (info, output) in infos.iter().zip(&outputs) {
            let of_name = |(name, _): &&(String, Tensor)| **name == *info.name;
            let expected = &reference.outputs.iter().find(of_name).expect("a known output").1;
            assert_close(&format!("{name}, {}", info.name), expected, output);
        }
        count += 1;
    }
    count
}

/// JSON has neither short floats nor infinities.
fn has_json(reference: &Reference) -> bool {
    let finite = |(_, tensor): &(String, Tensor)| match tensor.dtype() {
        DType::F16 | DType::Bf16 => false,
        DType::F32 => tensor.values::<f32>().unwrap().iter().all(|value| value.is_finite()),
        DType::F64 => tensor.values::<f64>().unwrap().iter().all(|value| value.is_finite()),
        _ => true,
    };
    reference.inputs.iter().chain(&reference.outputs).all(finite)
}

fn is_here(reference: &Reference) -> bool {
    !["echo-scalar", "spin", "minilm"].contains(&reference.model.as_str())
}

#[test]
fn every_reference_comes_back_over_http_json_and_grpc() {
    let triton = Triton::start(|_| true);
    block_on(async {
        let binary = remote(Endpoint::new("triton:0", triton.url()));
        let count = answers_as_the_references(&binary, is_here).await;
        assert!(count >= 20, "{count} references are few");
        let (_, traffic) = binary.traffic().remove(0);
        assert!(traffic.sent > 0 && traffic.received > 0 && traffic.retries == 0, "{traffic:?}");
        assert_eq!(binary.health().remove(0).1.state, State::Healthy);

        let json = Endpoint { binary: Binary::Never, ..Endpoint::new("json:0", triton.url()) };
        let json = remote(json);
        let finite = |reference: &Reference| is_here(reference) && has_json(reference);
        assert!(answers_as_the_references(&json, finite).await >= 15);
        let error = load(&json, "echo-f16").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);

        let grpc =
            Endpoint { protocol: Protocol::OipGrpc, ..Endpoint::new("grpc:0", triton.grpc_url()) };
        let grpc = remote(grpc);
        assert_eq!(answers_as_the_references(&grpc, is_here).await, count);

        for backend in [&binary, &grpc] {
            let error = load(backend, "no-such-model").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{}", error.report());
        }
    });
}
