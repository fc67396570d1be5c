//! Other servers that speak the Open Inference Protocol.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]

use godwit_backend::ErrorKind;
use godwit_remote::{Binary, Endpoint, Protocol};
use godwit_remote_tests::{block_on, digits, load, others, remote};

fn grpc(url: url::Url) -> Endpoint {
    Endpoint { protocol: Protocol::OipGrpc, ..Endpoint::new("grpc:0", url) }
}

/// It has no extension for tensors as bytes, and says so: JSON is what it gets.
#[test]
fn mlserver_classifies_digits_over_json_and_grpc() {
    let server = others::mlserver();
    block_on(async {
        digits::are_classified(&remote(Endpoint::new("mlserver:0", server.url()))).await;
        digits::are_classified(&remote(grpc(server.grpc_url()))).await;
        let error = load(&remote(Endpoint::new("mlserver:0", server.url())), "nothing").await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn kserve_classifies_digits_over_json_bytes_and_grpc() {
    let server = others::kserve();
    block_on(async {
        digits::are_classified(&remote(Endpoint::new("kserve:0", server.url()))).await;
        let binary = Endpoint { binary: Binary::Always, ..Endpoint::new("kserve:1", server.url()) };
        digits::are_classified(&remote(binary)).await;
        digits::are_classified(&remote(grpc(server.grpc_url()))).await;
        let error = load(&remote(Endpoint::new("kserve:0", server.url())), "nothing").await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
    });
}
