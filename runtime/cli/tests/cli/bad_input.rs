use std::fs;

use crate::apps;
use crate::sandbox::{Sandbox, assert_transcript, fixture};

#[test]
fn an_app_that_is_missing() {
    let sandbox = Sandbox::new();
    sandbox.app("digits.wasm", apps::COMMAND);
    assert_transcript!("app-missing", sandbox.godwit("run digit.wasm"));
    assert_transcript!("app-missing-folder", sandbox.godwit("run nowhere/app.wasm"));
    sandbox.folder("images");
    assert_transcript!("app-is-a-folder", sandbox.godwit("run images"));
}

#[test]
fn an_app_that_is_none() {
    let sandbox = Sandbox::new();
    let component = wat::parse_str(apps::COMMAND).unwrap();
    sandbox
        .write("cut.wasm", &component[..component.len() - 9])
        .write("empty.wasm", "")
        .write("app.wat", apps::COMMAND)
        .write("page.wasm", "<!DOCTYPE html><title>404</title>");
    fs::copy(fixture("digits.onnx"), sandbox.path("digits.onnx")).unwrap();
    assert_transcript!("app-corrupt", sandbox.godwit("run cut.wasm"));
    assert_transcript!("app-empty", sandbox.godwit("run empty.wasm"));
    assert_transcript!("app-text", sandbox.godwit("run app.wat"));
    assert_transcript!("app-html", sandbox.godwit("run page.wasm"));
    assert_transcript!("app-is-a-model", sandbox.godwit("run digits.onnx"));
}

#[test]
fn an_app_that_does_not_fit_this_host() {
    let sandbox = Sandbox::new();
    sandbox
        .app("shop.wasm", apps::WANTS_MUCH)
        .app("dialect.wasm", apps::OTHER_DIALECT)
        .app("library.wasm", apps::LIBRARY)
        .app("core.wasm", apps::CORE_LIBRARY)
        .app("unwrapped.wasm", apps::CORE_OF_COMPONENT);
    assert_transcript!("app-unknown-imports", sandbox.godwit("run shop.wasm"));
    assert_transcript!("app-unknown-functions", sandbox.godwit("run dialect.wasm"));
    assert_transcript!("app-not-a-command", sandbox.godwit("run library.wasm"));
    assert_transcript!("app-core-not-a-command", sandbox.godwit("run core.wasm"));
    assert_transcript!("app-core-of-component", sandbox.godwit("run unwrapped.wasm"));
}

#[test]
fn a_model_that_is_missing_or_damaged() {
    let sandbox = Sandbox::new();
    let model = fs::read(fixture("digits.onnx")).unwrap();
    sandbox
        .app("app.wasm", apps::COMMAND)
        .write("digits.onnx", &model)
        .write("cut.onnx", &model[..model.len() / 2])
        .write("page.onnx", "<!DOCTYPE html><title>404</title>")
        .write("digits.gguf", &model)
        .write("weights", [0x5a; 64]);
    let godwit = |model: &str| sandbox.godwit(&format!("run --model {model} app.wasm"));
    assert_transcript!("model-missing", godwit("digits=digit.onnx"));
    assert_transcript!("model-truncated", godwit("digits=cut.onnx"));
    assert_transcript!("model-html", godwit("digits=page.onnx"));
    assert_transcript!("model-wrong-extension", godwit("digits=digits.gguf"));
    assert_transcript!("model-wrong-encoding", godwit("digits=digits.onnx,encoding=openvino"));
    assert_transcript!("model-unknown-encoding", godwit("digits=weights"));
}

#[test]
fn a_model_option_that_says_nothing() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", apps::COMMAND);
    let godwit = |model: &str| sandbox.godwit(&format!("run --model {model} app.wasm"));
    assert_transcript!("model-option-no-path", godwit("digits"));
    assert_transcript!("model-option-unknown-setting", godwit("m=m.onnx,devise=cpu:0"));
    assert_transcript!("model-option-empty-setting", godwit("m=m.onnx,set.=2"));
    assert_transcript!("model-option-bad-encoding", godwit("m=m.onnx,encoding=onx"));
}

#[test]
fn a_device_that_is_absent() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", apps::COMMAND);
    assert_transcript!("device-unknown", sandbox.godwit("run --device cpu:1 app.wasm"));
    assert_transcript!("device-absent", sandbox.godwit("run --device cuda:0 app.wasm"));
    assert_transcript!(
        "device-family-nearly",
        sandbox.godwit("run --device openvin-cpu:0 app.wasm")
    );
    let ended = sandbox.godwit("run --model m=m.onnx,device=cpu:7 app.wasm");
    assert_transcript!("device-absent-of-model", ended);
}

#[test]
fn an_option_that_the_backend_does_not_have() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", apps::COMMAND);
    fs::copy(fixture("digits.onnx"), sandbox.path("digits.onnx")).unwrap();
    let ended = sandbox.godwit("run --model d=digits.onnx,set.thread=2 app.wasm");
    assert_transcript!("model-option-unknown-to-backend", ended);
    sandbox.godwit("run --model d=digits.onnx,set.threads=1 app.wasm").expect_success();
}

#[test]
fn a_folder_in_place_of_a_model() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", apps::COMMAND).folder("models").folder("empty");
    for file in ["digits.onnx", "digits.xml", "digits.bin"] {
        fs::copy(fixture(file), sandbox.path("models").join(file)).unwrap();
    }
    let godwit = |model: &str| sandbox.godwit(&format!("run --model d={model} app.wasm"));
    assert_transcript!("model-folder-empty", godwit("empty"));
    assert_transcript!("model-folder-many", godwit("models"));
    godwit("models,encoding=onnx").expect_success();
    fs::remove_file(sandbox.path("models/digits.onnx")).unwrap();
    let facts = sandbox.godwit("inspect models --json").expect_success().json();
    assert_eq!(facts["encoding"], "openvino");
}

#[test]
fn a_folder_that_is_missing() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", apps::COMMAND).folder("images");
    assert_transcript!("dir-missing", sandbox.godwit("run --dir image::/images app.wasm"));
    assert_transcript!("dir-is-a-file", sandbox.godwit("run --dir app.wasm::/images app.wasm"));
    assert_transcript!("dir-syntax", sandbox.godwit("run --dir ::/images app.wasm"));
}

#[test]
fn limits_without_sense() {
    let sandbox = Sandbox::new();
    assert_transcript!("limit-timeout", sandbox.godwit("run --timeout 30 app.wasm"));
    assert_transcript!("limit-memory", sandbox.godwit("run --max-memory lots app.wasm"));
    assert_transcript!("limit-memory-large", sandbox.godwit("run --max-memory 5GiB app.wasm"));
    assert_transcript!("json-without-report", sandbox.godwit("run --json app.wasm"));
}

#[test]
fn a_model_that_no_device_asked_for_reads() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", apps::COMMAND);
    for file in ["digits.xml", "digits.bin"] {
        fs::copy(fixture(file), sandbox.path(file)).unwrap();
    }
    let ended = sandbox.godwit("run --model d=digits.xml,device=cpu:0 app.wasm");
    assert_transcript!("model-not-read-by-device", ended);
    fs::remove_file(sandbox.path("digits.bin")).unwrap();
    assert_transcript!("model-without-weights", sandbox.godwit("inspect digits.xml"));
}

/// Nothing is half done: the app must not have begun when something it was to be given is bad.
#[test]
fn the_app_does_not_begin() {
    let sandbox = Sandbox::new();
    sandbox.app("echo.wasm", apps::ECHO).write("m.onnx", "no model");
    for options in ["--model m=m.onnx", "--device cuda:0", "--dir nowhere::/n"] {
        let ended = sandbox.godwit(&format!("run {options} echo.wasm"));
        assert_eq!(ended.stdout, "", "{options}");
        assert!(ended.code.is_some_and(|code| code >= 64), "{options}: {:?}", ended.code);
    }
}

/// One screen, with cause and remedy.
#[test]
fn every_error_says_why_and_what_to_do() {
    let sandbox = Sandbox::new();
    sandbox.app("shop.wasm", apps::WANTS_MUCH).write("m.onnx", "no model");
    for arguments in
        ["run shop.wasm", "run --model m=m.onnx shop.wasm", "run x", "inspect m.onnx", "compile x"]
    {
        let stderr = sandbox.godwit(arguments).stderr;
        assert!(stderr.starts_with("error: "), "{arguments}: {stderr}");
        assert!(stderr.contains("\n  why: ") && stderr.contains("\n help: "), "{stderr}");
        assert!(stderr.lines().count() <= 20 && !stderr.contains('\x1b'), "{stderr}");
    }
}
