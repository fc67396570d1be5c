//! The digits example through the command line: real images, the trained model, the CPU.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::{Ended, Sandbox};

pub(crate) fn guest(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_godwit")).ancestors().nth(2).unwrap();
    let path = target.join("guests").join(name);
    assert!(path.exists(), "{} is missing: run cargo xtask build", path.display());
    path
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/digits")
}

/// `run` with the example's model and images.
pub(crate) fn arguments(options: &str) -> String {
    let example = example();
    let (model, folder) = (example.join("digits.onnx"), example.display());
    let app = guest("digits.wasm");
    format!(
        "run --model digits={} --dir {folder}::/example:ro {options} {} --labels /example/images/labels.csv \
         /example/images",
        model.display(),
        app.display()
    )
}

fn digits(sandbox: &Sandbox, options: &str) -> Ended {
    sandbox.godwit(&arguments(options))
}

#[test]
fn held_out_digits_are_recognised_and_the_report_says_where() {
    let sandbox = Sandbox::new();
    let ended = digits(&sandbox, "--json --report-file report.json").expect_success();
    let verdict = ended.stdout.lines().last().unwrap();
    let accuracy: f64 =
        verdict.strip_prefix("accuracy ").unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(accuracy >= 0.95, "{verdict}");

    let report = fs::read(sandbox.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let row = &report["rows"][0];
    assert_eq!((&row["model"], &row["device"]), (&"digits".into(), &"cpu:0".into()));
    assert!(row["runs"].as_u64().unwrap() > 0 && row["errors"] == 0, "{row}");
    // 100 images of 8 x 8 floats in, 10 logits each out.
    assert_eq!((&row["bytes_in"], &row["bytes_out"]), (&25_600.into(), &4_000.into()));
}

#[test]
fn the_table_names_the_device() {
    let ended = digits(&Sandbox::new(), "--report").expect_success();
    let row = ended.stderr.lines().find(|line| line.starts_with("digits ")).unwrap();
    assert!(row.contains("cpu:0") && row.contains("kB"), "{row}");
}

#[test]
fn a_model_by_another_name_is_an_error_that_names_the_nearest() {
    let example = example();
    let sandbox = Sandbox::new();
    let ended = sandbox.godwit(&format!(
        "run --model digit={} --dir {}::/example {} /example/images",
        example.join("digits.onnx").display(),
        example.display(),
        guest("digits.wasm").display()
    ));
    assert!(ended.code.is_some_and(|code| code != 0), "{:?}", ended.code);
    assert!(ended.stderr.contains("did you mean 'digit'?"), "{}", ended.stderr);
}

/// The same file, byte for byte, on every engine.
#[test]
fn every_engine_gives_the_same_answers() {
    let sandbox = Sandbox::new();
    let classes = |device: &str| -> Vec<String> {
        let typed = arguments(&format!("--device {device}"));
        let printed = sandbox.godwit_with_engines(&typed).expect_success().stdout;
        let lines = printed.lines().map(|line| line.split("  ").take(2).collect());
        lines.collect()
    };
    let cpu = classes("cpu:0");
    assert_eq!(cpu.len(), 101);
    for device in ["ort-cpu:0", "openvino-cpu:0"] {
        assert_eq!(classes(device), cpu, "{device}");
    }
}
