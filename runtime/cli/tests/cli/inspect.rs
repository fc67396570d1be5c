use std::fs;

use crate::apps;
use crate::sandbox::{Sandbox, assert_transcript, fixture};

fn with_digits() -> Sandbox {
    let sandbox = Sandbox::new();
    for file in ["digits.onnx", "digits.xml", "digits.bin"] {
        fs::copy(fixture(file), sandbox.path(file)).unwrap();
    }
    sandbox
}

#[test]
fn a_model() {
    let sandbox = with_digits();
    assert_transcript!("inspect-onnx", sandbox.godwit("inspect digits.onnx"));
    assert_transcript!("inspect-openvino", sandbox.godwit("inspect digits.xml"));
}

#[test]
fn a_model_as_json() {
    let sandbox = with_digits();
    let facts = sandbox.godwit("inspect --json digits.onnx").expect_success().json();
    let file = fs::read(fixture("digits.onnx")).unwrap();
    assert_eq!(facts["encoding"], "onnx");
    assert_eq!(facts["size"], file.len());
    assert_eq!(facts["sha256"], godwit_backend::Digest::of(&file).to_string());
    let input = &facts["signature"]["inputs"][0];
    assert_eq!((&input["name"], &input["dtype"]), (&"image".into(), &"f32".into()));
    assert_eq!(input["dims"].as_array().unwrap()[1..], [1, 8, 8]);
    assert_eq!(facts["devices"][0]["device"], "cpu:0");
    assert_eq!(facts["devices"][0]["loads"], true);
}

#[test]
fn apps() {
    let sandbox = Sandbox::new();
    sandbox
        .app("command.wasm", apps::COMMAND)
        .app("shop.wasm", apps::WANTS_MUCH)
        .app("echo.wasm", apps::ECHO)
        .app("library.wasm", apps::LIBRARY);
    assert_transcript!("inspect-command", sandbox.godwit("inspect command.wasm"));
    assert_transcript!("inspect-unknown-imports", sandbox.godwit("inspect shop.wasm"));
    assert_transcript!("inspect-module", sandbox.godwit("inspect echo.wasm"));
    assert_transcript!("inspect-library", sandbox.godwit("inspect library.wasm"));
    let facts = sandbox.godwit("inspect --json shop.wasm").expect_success().json();
    let imports = facts["imports"].as_array().unwrap();
    assert_eq!(imports.len(), 3);
    assert!(imports.iter().all(|import| import["provided"] == false), "{facts}");
    assert_eq!(facts["world"], "wasi:cli/command");
}

#[test]
fn what_is_neither() {
    let sandbox = Sandbox::new();
    sandbox.write("cut.wasm", b"\0asm\x0d\0\x01\0\x07").write("notes", "buy milk");
    assert_transcript!("inspect-corrupt", sandbox.godwit("inspect cut.wasm"));
    assert_transcript!("inspect-unknown", sandbox.godwit("inspect notes"));
}
