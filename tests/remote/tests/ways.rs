//! The ways to a server: TLS under both protocols, and proxies.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]

use std::path::Path;

use godwit_backend::ErrorKind;
use godwit_remote::{Endpoint, Http2, Protocol, Retry, Tls};
use godwit_remote_tests::tunnel::{Tunnel, certificate};
use godwit_remote_tests::{Triton, block_on, digits, load, remote};

/// `https://localhost:port`, trusting the certificate `pem` alone.
fn trusting(folder: &Path, port: u16, pem: &str, protocol: Protocol) -> Endpoint {
    let file = folder.join(format!("{port}.pem"));
    std::fs::write(&file, pem).unwrap();
    let url = format!("https://localhost:{port}").parse().unwrap();
    let tls = Tls { roots: Some(file), only: true };
    let retry = Retry { attempts: 1, ..Retry::default() };
    Endpoint { protocol, tls, retry, ..Endpoint::new("triton:0", url) }
}

#[test]
fn tls_and_proxies_lead_to_the_same_digits() {
    let triton = Triton::start(|_| false);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();

    // gRPC is HTTP/2, settled on while TLS begins; a stranger's certificate is told from the server's.
    let (config, pem) = certificate("localhost", &["h2"]);
    let grpc = Tunnel::tls(triton.grpc, config);
    let (config, other) = certificate("elsewhere.example", &["h2"]);
    let stranger = Tunnel::tls(triton.grpc, config);
    block_on(async {
        let over = |port, pem: &str| trusting(folder, port, pem, Protocol::OipGrpc);
        digits::are_classified(&remote(over(grpc.port, &pem))).await;
        assert!(grpc.seen().iter().all(|protocol| protocol == "h2"), "{:?}", grpc.seen());
        for (port, pem) in [(stranger.port, &other), (grpc.port, &other)] {
            let error = load(&remote(over(port, pem)), "digits").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.report());
        }
        assert!(stranger.seen().is_empty(), "something was said to a stranger");
    });

    // Through a proxy: plain requests name the whole address, TLS goes through a tunnel that the proxy
    // cannot look into.
    let (config, pem) = certificate("localhost", &["http/1.1"]);
    let https = Tunnel::tls(triton.http, config);
    let (proxy, closed) = (Tunnel::proxy(None), Tunnel::proxy(Some(407)));
    let through = |endpoint: Endpoint, port: u16| {
        let proxy = Some(format!("http://127.0.0.1:{port}").parse().unwrap());
        remote(Endpoint { proxy, ..endpoint })
    };
    block_on(async {
        let plain = Endpoint { http2: Http2::Never, ..Endpoint::new("triton:0", triton.url()) };
        digits::are_classified(&through(plain.clone(), proxy.port)).await;
        let seen = proxy.seen();
        let whole = format!(" {}v2/", triton.url());
        assert!(!seen.is_empty() && seen.iter().all(|head| head.contains(&whole)), "{seen:?}");

        let endpoint = || trusting(folder, https.port, &pem, Protocol::OipHttp);
        digits::are_classified(&through(endpoint(), proxy.port)).await;
        let seen = proxy.seen().split_off(seen.len());
        let tunnel = format!("CONNECT localhost:{} HTTP/1.1", https.port);
        assert!(!seen.is_empty() && seen.iter().all(|head| head.starts_with(&tunnel)), "{seen:?}");

        for endpoint in [plain, endpoint()] {
            let error = load(&through(endpoint, closed.port), "digits").await.unwrap_err();
            let kinds = [ErrorKind::Denied, ErrorKind::Unavailable];
            assert!(kinds.contains(&error.kind()), "{}", error.report());
        }
        assert_eq!(closed.seen().len(), 2, "a proxy that refuses is not asked again");
    });
}
