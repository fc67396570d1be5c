//! `godwit.toml`, and services on the command line. That they are used is tested where there are servers.

use crate::apps;
use crate::sandbox::{Sandbox, assert_transcript};

/// A port of loopback where nobody listens: it was this test's own a moment ago.
fn nobody() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn device(line: &str) -> String {
    format!(
        "[[device]]\ntype = \"remote\"\nid = \"triton:0\"\nurl = \"https://triton.example\"\n{line}\n"
    )
}

#[test]
fn a_file_that_is_not_there_or_cannot_be_understood() {
    let sandbox = Sandbox::new();
    assert_transcript!("config-missing", sandbox.godwit("devices --config nowhere.toml"));
    sandbox.write("a.toml", device("timeout = { connect = \"2s\" }"));
    assert_transcript!("config-unknown-key", sandbox.godwit("devices --config a.toml"));
    sandbox.write("b.toml", device("timeouts = { connect = \"2 parsecs\" }"));
    assert_transcript!("config-bad-value", sandbox.godwit("devices --config b.toml"));
    sandbox.write("c.toml", device("auth = { bearer = { token = \"s3cret-s3cret-s3cret\" } }"));
    let ended = sandbox.godwit("devices --config c.toml");
    assert!(!ended.stderr.contains("s3cret"), "{}", ended.stderr);
    assert_transcript!("config-secret", ended);
    sandbox.write("d.toml", device("").replace("remote", "remot"));
    assert_transcript!("config-unknown-type", sandbox.godwit("devices --config d.toml"));
}

#[test]
fn the_file_that_lies_here_is_read_unless_another_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write("godwit.toml", "[[devise]]").write("empty.toml", "").app("a.wasm", apps::COMMAND);
    let ended = sandbox.godwit("run a.wasm");
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("'godwit.toml', line 1"), "{}", ended.stderr);
    sandbox.godwit("run --config empty.toml a.wasm").expect_success();
    // Commands that look for no device do not read it.
    sandbox.godwit("compile a.wasm -o b.wasm").expect_success();
}

#[test]
fn a_service_that_is_not_there() {
    let sandbox = Sandbox::new();
    sandbox.app("a.wasm", apps::COMMAND);
    let url = format!("http://127.0.0.1:{}", nobody());
    let ended = sandbox.godwit(&format!("devices --device remote={url} --json")).expect_success();
    let remote = ended.json()["remote"][0].clone();
    assert_eq!((&remote["device"], &remote["state"]), (&"remote:0".into(), &"absent".into()));
    assert!(remote["why"].as_str().unwrap().contains("cannot be reached"), "{remote}");
    let ended = sandbox.godwit(&format!("run --device remote={url}/v2/models/digits a.wasm"));
    assert_eq!(ended.code, Some(69), "{}", ended.stderr);
    assert!(ended.stderr.contains("the model 'digits' on remote:0"), "{}", ended.stderr);
    assert!(ended.stderr.contains("\n help: "), "{}", ended.stderr);
    // Without a model nobody is asked.
    sandbox.godwit(&format!("run --device remote={url} a.wasm")).expect_success();
}

#[test]
fn an_address_that_is_none() {
    let sandbox = Sandbox::new();
    sandbox.app("a.wasm", apps::COMMAND);
    assert_transcript!("remote-address", sandbox.godwit("run --device remote=triton:8000 a.wasm"));
    assert_transcript!("remote-only", sandbox.godwit("devices --device cpu:0"));
    let model = crate::sandbox::fixture("digits.onnx");
    let typed = format!("verify --model d={} --devices cpu:0,remote=ftp://h", model.display());
    let ended = sandbox.godwit(&typed);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("starts with http:// or https://"), "{}", ended.stderr);
}

#[test]
fn a_remote_model_needs_a_remote_device() {
    let sandbox = Sandbox::new();
    sandbox.app("a.wasm", apps::COMMAND);
    let ended = sandbox.godwit("run --model digits=remote:digits a.wasm");
    assert_transcript!("remote-model-here", ended);
    let ended = sandbox.godwit("run --model digits=remote:digits,device=triton:0 a.wasm");
    assert_transcript!("remote-device-not-configured", ended);
}
