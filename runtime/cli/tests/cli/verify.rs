//! `godwit verify`, and the recordings of `godwit run --record`.

use std::fs;

use crate::sandbox::{Sandbox, fixture};

fn verify(options: &str) -> String {
    format!("verify --model digits={} {options}", fixture("digits.onnx").display())
}

#[test]
fn the_engines_agree_on_digits_and_everything_is_written() {
    let sandbox = Sandbox::new();
    let devices = "--devices cpu:0,ort-cpu:0,openvino-cpu:0";
    let typed = verify(&format!(
        "{devices} --json --html page.html --save golden.json --declare equal.json"
    ));
    let report = sandbox.godwit_with_engines(&typed).expect_success().json();
    assert_eq!(report["reference"], "cpu:0");
    let verdicts: Vec<_> =
        report["devices"].as_array().unwrap().iter().map(|d| d["verdict"].clone()).collect();
    assert_eq!(verdicts, ["reference", "equivalent", "equivalent"]);
    for device in &report["devices"].as_array().unwrap()[1..] {
        let output = &device["outputs"][0];
        assert_eq!((&output["output"], &output["runs"]), (&"logits".into(), &8.into()));
        assert!(output["max_abs"].as_f64().unwrap() < 1e-3, "{output}");
    }
    let page = fs::read_to_string(sandbox.path("page.html")).unwrap();
    assert!(page.contains("Equivalent: 2 device(s)"));
    let declared = fs::read_to_string(sandbox.path("equal.json")).unwrap();
    assert_eq!(declared.matches("godwit-equivalence").count(), 2);

    // Other load on the machine changes the times: only the answers are held against the file.
    let typed = verify(&format!("{devices} --against golden.json --slower 1000 --json"));
    let report = sandbox.godwit_with_engines(&typed).expect_success().json();
    for change in report["changes"].as_array().unwrap() {
        assert!(["equal", "faster"].contains(&change["change"].as_str().unwrap()), "{change}");
    }
}

#[test]
fn the_first_operator_that_rounds_otherwise_is_found() {
    let typed = verify("--devices cpu:0,ort-cpu:0 --profile exact --bisect --json");
    let ended = Sandbox::new().godwit_with_engines(&typed);
    assert_eq!(ended.code, Some(10), "{}", ended.stderr);
    let device = ended.json()["devices"][1].clone();
    assert_eq!(device["verdict"], "differs");
    let found = &device["first_divergence"];
    assert!(["Conv", "Gemm", "MatMul"].contains(&found["operator"].as_str().unwrap()), "{found}");
}

#[test]
fn a_device_that_is_absent_is_said_to_be_so() {
    let sandbox = Sandbox::new();
    let ended = sandbox.godwit(&verify("--devices cpu:0,ort-cpu:0")).expect_success();
    let row = ended.stdout.lines().find(|line| line.starts_with("ort-cpu:0")).unwrap();
    assert!(row.contains("absent"), "{}", ended.stdout);
    let ended = sandbox.godwit(&verify("--devices ort-cpu:0"));
    assert_eq!(ended.code, Some(69), "{}", ended.stdout);
}

#[test]
fn what_an_app_was_answered_is_asked_again_elsewhere() {
    let sandbox = Sandbox::new();
    let run = crate::digits::arguments("--record trace");
    sandbox.godwit(&run).expect_success();
    let again = sandbox.godwit(&run);
    assert_eq!(again.code, Some(66), "a recording is never written over: {}", again.stderr);
    let typed = verify("--devices cpu:0,ort-cpu:0 --replay trace --json");
    let report = sandbox.godwit_with_engines(&typed).expect_success().json();
    assert_eq!(report["samples"], 4, "100 images in batches of 32");
    assert_eq!(report["devices"][1]["verdict"], "equivalent");
}

#[test]
fn an_app_runs_once_on_every_device() {
    let sandbox = Sandbox::new();
    let run = crate::digits::arguments("--devices cpu:0,ort-cpu:0 --json");
    let typed = run.replacen("run ", "verify ", 1);
    let report = sandbox.godwit_with_engines(&typed).expect_success().json();
    assert_eq!((&report["app"]["name"], &report["samples"]), (&"digits.wasm".into(), &4.into()));
    assert_eq!(report["devices"][1]["verdict"], "equivalent");
}

#[test]
fn a_recording_of_another_model_and_a_file_that_is_not_golden_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("golden.json", "{}");
    let ended = sandbox.godwit(&verify("--devices cpu:0 --against golden.json"));
    assert_eq!(ended.code, Some(66), "{}", ended.stderr);
    assert!(ended.stderr.contains("godwit verify --save FILE"), "{}", ended.stderr);
    // As for `godwit run`, before anything is loaded.
    let run = crate::digits::arguments("--devices cpu:0").replacen("run ", "verify ", 1);
    let ended = sandbox.godwit(&run.replacen("--dir ", "--dir nowhere::/x --dir ", 1));
    assert_eq!(ended.code, Some(66), "{}", ended.stderr);
    let ended = sandbox.godwit(&run.replacen("--dir ", "--timeout 0s --dir ", 1));
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let ended = sandbox.godwit(&verify("--devices cpu:0 --replay nowhere"));
    assert_eq!(ended.code, Some(66), "{}", ended.stderr);
}
