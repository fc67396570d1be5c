//! No operator of any backend gives a wrong answer, and none stops giving the right one.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a panic here is a failed test, and which library was covered belongs in its output"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use godwit_coverage::baseline::{Baseline, FILE};
use godwit_coverage::supervise::{Plan, cover};
use godwit_coverage::{Verdict, backends, cases};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn every_case_on(backend: &str) {
    let root = root();
    let folder = cases::installed(&root).unwrap();
    let cases = cases::read(&folder).unwrap();
    let plan = Plan {
        program: env!("CARGO_BIN_EXE_godwit-coverage").into(),
        folder,
        limit: Duration::from_secs(60),
        log: root.join(format!("target/coverage/{backend}.test.log")),
    };
    let coverage = cover(&plan, backend, &cases, |_, _| ()).unwrap();
    println!("{backend}: {}", coverage.driver);

    let baseline = Baseline::read(&root).unwrap();
    let defects: Vec<_> = coverage
        .defects(&cases)
        .filter(|(case, _)| !baseline.knows(backend, &case.name))
        .map(|(case, outcome)| {
            format!("{}: {}: {}", case.name, outcome.verdict.name(), outcome.reason)
        })
        .collect();
    assert!(
        defects.is_empty(),
        "{backend} has defects that are not known:\n{}",
        defects.join("\n")
    );

    assert_eq!(baseline.cases, cases::ONNX, "{FILE} is of other cases: run `cargo xtask coverage`");
    let (passed, before) = (coverage.count(Verdict::Passed), baseline.passed[backend]);
    assert!(
        passed >= before,
        "{backend} passes {passed} cases, and {before} passed before ({FILE}): \
         `cargo xtask coverage` writes which into docs/operator-coverage.md"
    );
}

#[test]
fn cpu() {
    every_case_on("cpu");
}

#[test]
fn ort() {
    every_case_on("ort");
}

#[test]
fn openvino() {
    every_case_on("openvino");
}

#[test]
fn rocm() {
    every_case_on("rocm");
}

#[test]
fn every_backend_has_a_baseline() {
    let baseline = Baseline::read(&root()).unwrap();
    let mut names = backends::NAMES.to_vec();
    names.sort_unstable();
    assert_eq!(baseline.passed.keys().map(String::as_str).collect::<Vec<_>>(), names);
}
