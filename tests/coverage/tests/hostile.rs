//! Hostile models, of one seed and few of them, with default settings: a host that serves several tenants.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a panic here is a failed test, and what became of the models belongs in its output"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use godwit_coverage::hostile::{self, Fate, PAGE, Plan, renew};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every `step`th of the models harms nobody else.
fn nobody_is_harmed(device: &str, step: usize) {
    let logs = root().join("target/coverage");
    std::fs::create_dir_all(&logs).unwrap();
    let plan = Plan {
        program: env!("CARGO_BIN_EXE_godwit-coverage").into(),
        seed: hostile::SEED,
        only: String::new(),
        step,
        bare: false,
        limit: Duration::from_secs(60),
        log: logs.join(format!("hostile-test-{device}.log")),
    };
    let report = hostile::watch(&plan, device, |_, _| {}).unwrap();
    let harm: Vec<String> = report
        .harm()
        .map(|(model, found)| format!("{}: {}: {}", model.name, found.fate.name(), found.why))
        .collect();
    let counts = Fate::ALL.map(|it| format!("{} {}", report.count(it), it.name()));
    println!("{device} ({}): {}", report.driver, counts.join(", "));
    assert!(harm.is_empty(), "{}", harm.join("\n"));
    assert!(report.count(Fate::Answered) > 0, "no model was run at all");
}

#[test]
fn hostile_models_harm_nobody_on_cpu() {
    nobody_is_harmed("cpu:0", 2);
}

#[test]
fn hostile_models_harm_nobody_on_onnxruntime() {
    nobody_is_harmed("ort-cpu:0", 4);
}

#[test]
fn hostile_models_harm_nobody_on_openvino() {
    nobody_is_harmed("openvino-cpu:0", 8);
}

#[test]
fn the_page_lists_what_the_tables_say() {
    let page = std::fs::read_to_string(root().join(PAGE)).unwrap();
    assert!(renew(&page).unwrap() == page, "{PAGE} is stale: run `cargo xtask hostile`");
}
