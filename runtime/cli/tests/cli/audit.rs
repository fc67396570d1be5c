//! `godwit audit`: what an app and its models need, here and on paper.

use std::fs;

use crate::apps;
use crate::sandbox::{Ended, Sandbox, assert_transcript, fixture};

/// A core module that holds two names and asks for models by name.
const NAMES_MODELS: &str = r#"(module
    (import "wasi_ephemeral_nn" "load_by_name" (func (param i32 i32 i32) (result i32)))
    (import "wasi_ephemeral_nn" "compute" (func (param i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "digits\00models/other.onnx\00")
    (func (export "_start")))"#;

const FLEET: &str = r#"
[[machine]]
name = "edge-1"
[[machine.device]]
id = "openvino-cpu:0"
engine = "openvino 2026.4.1"
memory = "16GiB"
[[machine.device]]
id = "npu:0"
memory = "64KiB"
encodings = ["onnx"]
dtypes = ["f16"]
operators = ["Conv", "Relu"]

[[machine]]
name = "old-server"
[[machine.device]]
id = "ort-cpu:0"
engine = "onnxruntime 1.16.0"
memory = "64GiB"
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    fs::copy(fixture("digits.onnx"), sandbox.path("digits.onnx")).unwrap();
    sandbox
        .app("app.wasm", NAMES_MODELS)
        .app("shop.wasm", apps::WANTS_MUCH)
        .write("fleet.toml", FLEET);
    sandbox
}

fn audit(sandbox: &Sandbox, options: &str) -> Ended {
    sandbox.godwit(&format!("audit {options}"))
}

#[test]
fn an_app_and_its_model_on_a_fleet() {
    let sandbox = sandbox();
    let options = "app.wasm --model digits=digits.onnx --fleet fleet.toml --fleet-only";
    assert_transcript!("audit-fleet", audit(&sandbox, options));
}

#[test]
fn an_app_that_lacks_imports() {
    assert_transcript!(
        "audit-imports",
        audit(&sandbox(), "shop.wasm --fleet fleet.toml --fleet-only")
    );
}

#[test]
fn devices_of_this_machine_are_tried() {
    let sandbox = sandbox();
    fs::write(sandbox.path("broken.onnx"), &fs::read(fixture("digits.onnx")).unwrap()[..99])
        .unwrap();
    let facts = audit(&sandbox, "app.wasm -m digits=digits.onnx --json").expect_success().json();
    assert_eq!(facts["suited"][0], "this machine/cpu:0");
    assert_eq!(facts["devices"][0]["opinions"]["digits"]["answer"], "yes");
    let absent: Vec<_> = facts["absent"].as_array().unwrap().iter().map(|a| &a["family"]).collect();
    assert!(absent.iter().any(|family| *family == "openvino"), "{absent:?}");
    let model = &facts["models"][0];
    assert_eq!(
        (&model["named_by_the_app"], &model["needs"]["opsets"]["ai.onnx"]),
        (&true.into(), &18.into())
    );
    assert_eq!(model["needs"]["memory"]["tensors"], 4 * (64 + 10));
    assert_eq!(facts["app"]["files"][0], "models/other.onnx");
    // Of many rows, the tensors take more.
    let facts = audit(&sandbox, "app.wasm -m digits=digits.onnx --rows 100 --json").json();
    assert_eq!(facts["models"][0]["needs"]["memory"]["tensors"], 4 * 100 * (64 + 10));
    let ended = audit(&sandbox, "app.wasm -m digits=broken.onnx");
    assert_eq!(ended.code, Some(67), "{}", ended.stderr);
}

#[test]
fn the_exit_code_says_whether_a_device_can_run_everything() {
    let sandbox = sandbox();
    let options = "app.wasm --model digits=digits.onnx --fleet fleet.toml --fleet-only";
    assert_eq!(audit(&sandbox, options).code, Some(0));
    // Without the one device of which all is known.
    let (_, rest) = FLEET.split_once("[[machine.device]]\nid = \"npu:0\"").unwrap();
    let fleet = format!("[[machine]]\nname = \"m\"\n[[machine.device]]\nid = \"npu:0\"{rest}");
    sandbox.write("fleet.toml", fleet);
    let ended = audit(&sandbox, options);
    assert_eq!(ended.code, Some(69), "{}", ended.stdout);
    assert!(ended.stdout.contains("no device is known to run everything"), "{}", ended.stdout);
}

#[test]
fn a_fleet_file_with_a_slip_names_what_was_meant() {
    let sandbox = sandbox();
    sandbox.write("fleet.toml", FLEET.replace("memory", "memroy"));
    let ended = audit(&sandbox, "app.wasm --fleet fleet.toml");
    assert_eq!(ended.code, Some(66));
    assert!(ended.stderr.contains("did you mean 'memory'?"), "{}", ended.stderr);
    let ended = audit(&sandbox, "app.wasm --fleet-only");
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
}
