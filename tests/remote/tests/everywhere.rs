//! Both examples on every device that this machine can have, compared by one command: the built-in engine,
//! ONNX Runtime, OpenVINO, AMD's MIGraphX by its reference implementation, and a Triton server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]

use std::process::Stdio;

use godwit_fixtures::migraphx;
use godwit_remote_tests::{Triton, built, root};
use tempfile::TempDir;

const LOCAL: &str = "cpu:0,ort-cpu:0,openvino-cpu:0,rocm-ref:0";

/// Runs `godwit verify` under the loader of MIGraphX's C library, and checks that every device is there and
/// answers as the first does, in the report and on the page.
fn all_agree(triton: &Triton, arguments: &str) {
    let place = TempDir::new().unwrap();
    let mut godwit = migraphx::command(&built("debug/godwit")).unwrap();
    godwit.arg("--library").arg(format!("migraphx={}", migraphx::library().unwrap().display()));
    godwit.args(["verify", "--json", "--html", "report.html", "--devices"]);
    godwit.arg(format!("{LOCAL},remote={}", triton.url()));
    godwit.args(arguments.split_whitespace()).current_dir(place.path()).stdin(Stdio::null());
    let ended = godwit.output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{told}{}", String::from_utf8_lossy(&ended.stdout));

    let report: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    let page = std::fs::read_to_string(place.path().join("report.html")).unwrap();
    let devices = report["devices"].as_array().unwrap();
    assert_eq!(report["reference"], "cpu:0");
    assert!(report["samples"].as_u64().unwrap() > 0);
    for id in LOCAL.split(',').chain(["remote:0"]) {
        let device = devices.iter().find(|device| device["device"] == id);
        let device = device.unwrap_or_else(|| panic!("{id} is not in the report: {report}"));
        let expected = if id == "cpu:0" { "reference" } else { "equivalent" };
        assert_eq!(device["verdict"], expected, "{device}");
        assert!(page.contains(id), "{id} is not on the page");
    }
}

#[test]
fn digits_are_the_same_on_all_of_them() {
    let example = root().join("examples/digits");
    all_agree(
        &Triton::start(|_| false),
        &format!(
            "--model digits={example}/digits.onnx --dir {example}/images::/images:ro {app} /images",
            example = example.display(),
            app = built("guests/digits.wasm").display(),
        ),
    );
}

#[test]
fn sentences_are_as_near_on_all_of_them() {
    let minilm = built("models/minilm/minilm.onnx");
    let texts = TempDir::new().unwrap();
    // AMD's reference implementation takes seconds a sentence.
    std::fs::write(texts.path().join("two.txt"), "A dog barks.\nHot soup.\n").unwrap();
    all_agree(
        &Triton::with(vec![("minilm".into(), std::fs::read(&minilm).unwrap())]),
        &format!(
            "--model minilm={model} --dir {folder}::/model:ro --dir {texts}::/texts:ro {app} \
             --tokenizer /model/tokenizer.json --query lunch /texts",
            model = minilm.display(),
            folder = minilm.parent().unwrap().display(),
            texts = texts.path().display(),
            app = built("guests/semantic-search.wasm").display(),
        ),
    );
}
