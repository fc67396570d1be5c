//! What networks, proxies and broken servers do, done to the answers of a real Triton server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]

use std::time::Duration;

use godwit_backend::{
    Arena, Budget, CheckedContext, Error, ErrorKind, Memory, Quota, Result, Tensor, Tensors,
};
use godwit_remote::{
    Auth, Bearer, Binary, Endpoint, Remote, Retry, Secret, Sizes, State, Timeouts, Tls,
};
use godwit_remote_tests::proxy::{Fault, Proxy};
use godwit_remote_tests::tunnel::certificate;
use godwit_remote_tests::{Triton, block_on, context, free_ports, load, remote};

const TOKEN: &str = "tok-0123456789";

fn quick(id: &str, url: url::Url) -> Endpoint {
    let timeouts = Timeouts {
        connect: Duration::from_millis(1500),
        request: Duration::from_secs(3),
        idle: Duration::from_millis(600),
    };
    let retry = Retry { attempts: 1, ..Retry::default() };
    Endpoint { timeouts, retry, ..Endpoint::new(id, url) }
}

fn pair() -> Tensors {
    let tensor = |values: &[f32]| Tensor::from_values([values.len()], values).unwrap();
    [tensor(&[1.0, 2.0]), tensor(&[3.0, 5.0])].into_iter().collect()
}

async fn adds(context: &mut CheckedContext) {
    let sum = context.run(pair()).await.unwrap_or_else(|error| panic!("{}", error.report()));
    assert_eq!(sum[0].values::<f32>().unwrap(), [4.0, 7.0]);
}

/// That a guest may see the message: no address, no token, no text of the server's.
fn assert_fit_for_guests(error: &Error) {
    let message = error.message();
    for leak in ["127.0.0.1", "localhost", "http", TOKEN, "Bearer", "v2/", ":0"] {
        assert!(!message.contains(leak), "'{leak}' in: {message}");
    }
    assert!(!error.report().contains(TOKEN), "the token is in: {}", error.report());
}

fn refused(what: &str, outcome: Result<Tensors>, kind: ErrorKind) -> Error {
    let error = match outcome {
        Ok(_) => panic!("{what}: an answer was taken"),
        Err(error) => error,
    };
    assert_eq!(error.kind(), kind, "{what}: {}", error.report());
    assert_fit_for_guests(&error);
    error
}

#[test]
fn every_fault_is_an_error_and_the_next_run_succeeds() {
    let triton = Triton::start(|name| name == "add");
    let proxy = Proxy::start(triton.http);
    let page = Fault::Status(200, "Content-Type: text/html\r\n".into(), "<html>".into());
    let status = |status: u16, body: &str| {
        Fault::Status(status, String::new(), format!("{body} at http://127.0.0.1/v2"))
    };
    let millisecond = Duration::from_millis(20);
    let elsewhere = Fault::Status(307, "Location: http://127.0.0.1:1/v2\r\n".into(), String::new());
    let faults = [
        ("hang up", Fault::HangUp, ErrorKind::Unavailable),
        ("stall", Fault::Stall, ErrorKind::Timeout),
        ("cut", Fault::Cut, ErrorKind::Unavailable),
        ("a byte a second", Fault::Drip(Duration::from_secs(1)), ErrorKind::Timeout),
        ("slowly, but for ever", Fault::Drip(Duration::from_millis(100)), ErrorKind::Timeout),
        ("a head without end", Fault::Loris(millisecond), ErrorKind::Timeout),
        ("a body that is too long", Fault::Length(9), ErrorKind::Failed),
        ("a body that is too short", Fault::Length(-4), ErrorKind::Failed),
        ("another type", Fault::Header("Content-Type", "text/html".into()), ErrorKind::Failed),
        ("a page", page, ErrorKind::Failed),
        (
            "a header length that is none",
            Fault::Header("Inference-Header-Content-Length", "-1".into()),
            ErrorKind::Failed,
        ),
        (
            "a header length that is short",
            Fault::Header("Inference-Header-Content-Length", "20".into()),
            ErrorKind::Failed,
        ),
        ("a long header", Fault::LongHeader, ErrorKind::Failed),
        ("another shape", Fault::Replace("\"shape\":[2]", "\"shape\":[3]"), ErrorKind::Failed),
        ("another rank", Fault::Replace("\"shape\":[2]", "\"shape\":[] "), ErrorKind::Failed),
        ("another dtype", Fault::Replace("FP32", "BF16"), ErrorKind::Failed),
        ("another name", Fault::Replace("\"sum\"", "\"sun\""), ErrorKind::Failed),
        (
            "another size",
            Fault::Replace("binary_data_size\":8", "binary_data_size\":4"),
            ErrorKind::Failed,
        ),
        ("elsewhere", elsewhere, ErrorKind::Failed),
        ("an announced gigabyte", Fault::Announce, ErrorKind::TooLarge),
        ("a gigabyte in chunks", Fault::Chunks, ErrorKind::TooLarge),
        ("a bad request", status(400, "bad"), ErrorKind::Failed),
        ("not found", status(404, "gone"), ErrorKind::NotFound),
        ("too large", status(413, "large"), ErrorKind::TooLarge),
        ("an error of the server", status(500, "oops"), ErrorKind::Failed),
        ("a gateway", status(502, "no"), ErrorKind::Unavailable),
        ("busy", status(503, "busy"), ErrorKind::Unavailable),
        ("too many", status(429, "slow"), ErrorKind::Unavailable),
        ("a slow gateway", status(504, "late"), ErrorKind::Timeout),
        ("unauthorized", status(401, TOKEN), ErrorKind::Denied),
        ("forbidden", status(403, TOKEN), ErrorKind::Denied),
    ];
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), TOKEN).unwrap();
        let secret = Secret::File(folder.path().join("token"));
        let auth = Auth::Bearer(Bearer { token: secret, expires: None });
        let limits = Sizes { response: 1 << 20, ..Sizes::default() };
        let endpoint = Endpoint { auth, limits, ..quick("triton:0", proxy.url()) };
        let backend = remote(endpoint);
        let graph = load(&backend, "add").await.unwrap();
        let memory = Memory::new(Arena::default(), Budget::new("tensors", 1 << 22));
        let mut context =
            CheckedContext::open(&graph, &Quota::of_host(memory.clone())).await.unwrap();
        adds(&mut context).await;
        for (what, fault, kind) in faults {
            proxy.spoil(fault, 2);
            refused(what, context.run(pair()).await, kind);
            proxy.spoil(Fault::None, 0);
            assert_eq!(memory.budget().used(), 0, "{what}: something is held");
            adds(&mut context).await;
        }
        let text = format!("{backend:?} {graph:?} {context:?}");
        assert!(!text.contains(TOKEN), "{text}");
    });
}

#[test]
fn a_service_that_is_not_there_is_unavailable_and_then_left_alone() {
    block_on(async {
        let url = format!("http://127.0.0.1:{}", free_ports::<1>()[0]).parse().unwrap();
        let backend = remote(quick("triton:0", url));
        for _ in 0..5 {
            let error = load(&backend, "add").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.report());
            assert_fit_for_guests(&error);
        }
        assert_eq!(backend.health().remove(0).1.state, State::Paused);
        let before = backend.traffic().remove(0).1.requests;
        let error = load(&backend, "add").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(backend.traffic().remove(0).1.requests, before, "it was called all the same");
    });
}

#[test]
fn what_is_safe_is_sent_again_and_nothing_else() {
    let triton = Triton::start(|name| name == "add");
    let proxy = Proxy::start(triton.http);
    let runs = || proxy.requests().iter().filter(|head| head.starts_with("POST")).count();
    let busy = |after: &str| Fault::Status(503, after.into(), String::new());
    block_on(async {
        let endpoint = |retry: Retry| Endpoint { retry, ..quick("triton:0", proxy.url()) };
        let retry = Retry { pause: Duration::from_millis(1), ..Retry::default() };
        let backend = remote(endpoint(retry.clone()));
        let mut safe = context(&backend, "add").await;

        proxy.spoil(busy(""), 2);
        runs();
        adds(&mut safe).await;
        assert_eq!(runs(), 3, "two refusals, then the answer");
        assert_eq!(backend.traffic().remove(0).1.retries, 2);

        // What may have been run is not run again...
        proxy.spoil(Fault::Cut, 1);
        refused("cut", safe.run(pair()).await, ErrorKind::Unavailable);
        assert_eq!(runs(), 1);

        // ...unless the operator says that it may.
        let twice = remote(endpoint(Retry { idempotent: true, ..retry.clone() }));
        let mut twice = context(&twice, "add").await;
        proxy.spoil(Fault::Cut, 1);
        runs();
        adds(&mut twice).await;
        assert_eq!(runs(), 2);

        // The service says when it may be called again.
        let patient = remote(endpoint(retry.clone()));
        let mut waits = context(&patient, "add").await;
        proxy.spoil(busy("Retry-After: 1\r\n"), 1);
        let before = std::time::Instant::now();
        adds(&mut waits).await;
        assert!(before.elapsed() >= Duration::from_secs(1), "it was not left alone");

        // Longer than this call has time: the call ends, and others are not let through either.
        proxy.spoil(busy("Retry-After: 100\r\n"), 1);
        runs();
        refused("busy", waits.run(pair()).await, ErrorKind::Unavailable);
        refused("paused", waits.run(pair()).await, ErrorKind::Unavailable);
        assert_eq!(runs(), 1);
        assert_eq!(patient.health().remove(0).1.state, State::Paused);

        // A service that is down is not buried under retries.
        let careful = remote(endpoint(Retry { pause: Duration::ZERO, ..retry }));
        let mut careful = context(&careful, "add").await;
        runs();
        for _ in 0..40 {
            proxy.spoil(busy(""), 3);
            let _ = careful.run(pair()).await;
            // An answer now and then: a service that only fails would be left alone altogether.
            proxy.spoil(Fault::None, 0);
            adds(&mut careful).await;
        }
        let sent = runs();
        assert!((80..=80 + 3 + 9).contains(&sent), "{sent} requests for 80 runs");
    });
}

#[test]
fn a_dropped_run_hangs_up() {
    let triton = Triton::start(|name| name == "add");
    let proxy = Proxy::start(triton.http);
    block_on(async {
        let backend = remote(Endpoint::new("triton:0", proxy.url()));
        let mut context = context(&backend, "add").await;
        for times in 1..=3 {
            proxy.spoil(Fault::Stall, 1);
            let run = context.run(pair());
            let given_up = tokio::time::timeout(Duration::from_millis(200), run).await;
            assert!(given_up.is_err(), "an answer that was never given");
            tokio::time::timeout(Duration::from_secs(10), proxy.hung_up(times)).await.unwrap();
        }
        adds(&mut context).await;
        let connections = proxy.connections();
        for _ in 0..50 {
            adds(&mut context).await;
        }
        // Now and then a run begins before the last one's connection is back.
        let more = proxy.connections() - connections;
        assert!(more < 10, "{more} new connections for 50 runs");
    });
}

#[test]
fn an_expired_token_is_replaced_once() {
    let triton = Triton::start(|name| name == "add");
    let proxy = Proxy::start(triton.http);
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "first-token\n").unwrap();
        let token = |token| Auth::Bearer(Bearer { token, expires: None });
        let endpoint = |auth: Auth| Endpoint { auth, ..quick("triton:0", proxy.url()) };
        let print = vec!["cat".to_owned(), file.display().to_string()];
        for secret in [Secret::File(file.clone()), Secret::Command(print)] {
            std::fs::write(&file, "first-token\n").unwrap();
            let backend = remote(endpoint(token(secret)));
            let mut context = context(&backend, "add").await;
            proxy.spoil(Fault::Token("Bearer first-token\r".into(), 401), usize::MAX);
            adds(&mut context).await;
            // The server forgets the token before the file changes, then after.
            proxy.spoil(Fault::Token("Bearer second-token\r".into(), 401), usize::MAX);
            proxy.requests();
            refused("expired", context.run(pair()).await, ErrorKind::Denied);
            assert_eq!(proxy.requests().len(), 2, "once more with what the file says, no more");
            std::fs::write(&file, "second-token\n").unwrap();
            adds(&mut context).await;
            adds(&mut context).await;
        }
        std::fs::remove_file(&file).unwrap();
        let backend = remote(endpoint(token(Secret::File(file))));
        let error = load(&backend, "add").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert_fit_for_guests(&error);
        assert!(!error.message().contains("token"), "{error}");
    });
}

#[test]
fn only_a_certificate_of_the_right_name_is_trusted() {
    let triton = Triton::start(|name| name == "add");
    let serves = |name: &str| {
        let (config, pem) = certificate(name, &[]);
        (Proxy::tls(triton.http, config), pem)
    };
    let (right, right_pem) = serves("localhost");
    let (wrong, wrong_pem) = serves("elsewhere.example");
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let over = |port: u16, roots: Option<&str>| {
            let file = roots.map(|pem| {
                let file = folder.path().join(format!("{port}.pem"));
                std::fs::write(&file, pem).unwrap();
                file
            });
            let url = format!("https://localhost:{port}").parse().unwrap();
            let tls = Tls { roots: file, only: true };
            remote(Endpoint { tls, binary: Binary::Auto, ..quick("triton:0", url) })
        };
        let mut context = context(&over(right.port, Some(&right_pem)), "add").await;
        adds(&mut context).await;

        for backend in [over(wrong.port, Some(&wrong_pem)), over(right.port, None)] {
            let backend: Remote = backend;
            let error = load(&backend, "add").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.report());
            assert!(error.report().contains("certificate"), "{}", error.report());
            assert_fit_for_guests(&error);
        }
        assert!(wrong.requests().is_empty(), "something was said to a stranger");
    });
}
