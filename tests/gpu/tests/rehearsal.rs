//! The program for a machine with a GPU, on the processor: its steps must not fail there for the first time.

#![allow(clippy::unwrap_used, reason = "a panic here is a failed test")]

use std::process::Command;

#[test]
fn the_steps_that_need_no_gpu_pass_on_the_processor() {
    let out = tempfile::TempDir::new().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_godwit-gpu"));
    program.args(["--device", "cpu:0", "--out"]).arg(out.path());
    program.args(["--only", "agreement with cpu", "--only", "bytes over PCIe"]);
    program.args(["--only", "memory after unload", "--only", "conformance"]);
    let ended = program.output().unwrap();
    let told = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{told}{}", String::from_utf8_lossy(&ended.stderr));

    let report = std::fs::read(out.path().join("gpu.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let steps = report["steps"].as_array().unwrap();
    let outcomes = steps.iter().map(|step| (&step["name"], &step["outcome"]));
    let outcomes: Vec<_> =
        outcomes.map(|(a, b)| (a.as_str().unwrap(), b.as_str().unwrap())).collect();
    let expected = [
        ("agreement with cpu", "passed"),
        ("bytes over PCIe", "skipped"),
        ("memory after unload", "skipped"),
        ("conformance", "passed"),
    ];
    assert_eq!(outcomes, expected, "{told}");
}
