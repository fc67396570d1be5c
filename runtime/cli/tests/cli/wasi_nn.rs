//! The suite for wasi-nn hosts, on three engines: what passes there, and what is known not to.

use std::path::Path;

use godwit_wasi_nn_suite::{Host, Outcome, Suite, read_hosts};
use tempfile::TempDir;

use crate::sandbox::engines;

fn host(name: &str, home: &TempDir) -> Host {
    let hosts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/wasi-nn/hosts/godwit.toml");
    let mut host = read_hosts(&hosts).unwrap().into_iter().find(|host| host.name == name).unwrap();
    let command = host.command.replace("target/debug/godwit", env!("CARGO_BIN_EXE_godwit"));
    let (home, engines) = (home.path().display(), engines());
    host.command = format!("env HOME={home} GODWIT_ENGINES={} {command}", engines.display());
    host
}

/// Every case passes but these, which end as told.
fn judge(name: &str, known: &[(&str, Outcome)]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let guests = Path::new(env!("CARGO_BIN_EXE_godwit")).ancestors().nth(2).unwrap().join("guests");
    assert!(guests.join("wasi-nn-component.wasm").exists(), "run cargo xtask build");
    let models = root.join("tests/wasi-nn/models");
    let suite = Suite::new(guests.to_str().unwrap(), models.to_str().unwrap()).unwrap();
    let home = TempDir::new().unwrap();
    let report = suite.judge(&host(name, &home), |_, _| ()).unwrap();
    let failures: Vec<_> = report.failures().collect();
    let found: Vec<_> = failures.iter().map(|v| (v.case.as_str(), v.outcome)).collect();
    assert_eq!(found, known, "{failures:#?}");
}

#[test]
fn openvino_passes_the_suite() {
    judge("Godwit, openvino", &[]);
}

#[test]
fn ort_passes_the_suite() {
    judge("Godwit, ort", &[]);
}

#[test]
fn the_embedded_engine_passes_what_it_can_load() {
    // It has no bf16, and finds out when it loads two_rows that not every input fits.
    let unsupported = Outcome::Unsupported;
    judge(
        "Godwit, cpu",
        &[
            ("component/echo/bf16", unsupported),
            ("component/run-that-fails", unsupported),
            ("component/run-that-fails/code", unsupported),
            ("module/run-that-fails", unsupported),
        ],
    );
}
