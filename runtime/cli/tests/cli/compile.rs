use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::apps;
use crate::sandbox::{Sandbox, assert_transcript};

const KEY: &str = ".config/godwit/seal.key";

#[test]
fn what_is_compiled_runs_like_the_app() {
    let sandbox = Sandbox::new();
    sandbox.app("echo.wasm", apps::ECHO).app("command.wasm", apps::COMMAND);
    sandbox.godwit("compile echo.wasm").expect_success();
    let ended = sandbox.godwit("run echo.cwasm a b");
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(7), "echo.cwasm\0a\0b\0"));
    sandbox.godwit("compile command.wasm -o elsewhere.cwasm").expect_success();
    sandbox.godwit("run --timeout 60s elsewhere.cwasm").expect_success();
    sandbox.godwit("run --max-memory 2GiB elsewhere.cwasm").expect_success();
    let facts = sandbox.godwit("inspect --json elsewhere.cwasm").expect_success().json();
    assert_eq!((&facts["kind"], &facts["compiled"]), (&"component".into(), &true.into()));
}

#[test]
fn the_key_is_its_owners_alone() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", apps::COMMAND);
    sandbox.godwit("compile app.wasm").expect_success();
    let key = sandbox.path(KEY);
    let mode = fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!((mode & 0o777, fs::read(&key).unwrap().len()), (0o600, 32));

    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let ended = sandbox.godwit("run app.cwasm");
    assert_eq!(ended.code, Some(66));
    assert!(ended.stderr.contains("its mode is 0644"), "{}", ended.stderr);
}

#[test]
fn a_changed_file_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", apps::COMMAND);
    sandbox.godwit("compile app.wasm").expect_success();
    let honest = fs::read(sandbox.path("app.cwasm")).unwrap();
    // In the seal, in the code, at the end, and cut short.
    for (index, position) in [20, honest.len() / 2, honest.len() - 1].into_iter().enumerate() {
        let mut changed = honest.clone();
        changed[position] ^= 1;
        let name = format!("changed-{index}.cwasm");
        sandbox.write(&name, changed);
        let ended = sandbox.godwit(&format!("run {name}"));
        assert_eq!(ended.code, Some(65), "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains("or was changed since"), "{}", ended.stderr);
    }
    sandbox.write("app.cwasm", &honest[..honest.len() - 1]);
    assert_transcript!("compiled-changed", sandbox.godwit("run app.cwasm"));
}

#[test]
fn another_hosts_file_is_refused() {
    let (here, there) = (Sandbox::new(), Sandbox::new());
    there.app("app.wasm", apps::COMMAND);
    there.godwit("compile app.wasm").expect_success();
    here.write("app.cwasm", fs::read(there.path("app.cwasm")).unwrap());
    assert_transcript!("compiled-elsewhere", here.godwit("run app.cwasm"));
    assert_eq!(here.godwit("inspect app.cwasm").code, Some(65));
}

#[test]
fn what_cannot_run_is_not_compiled() {
    let sandbox = Sandbox::new();
    sandbox.app("shop.wasm", apps::WANTS_MUCH).app("app.wasm", apps::COMMAND);
    assert_transcript!("compile-unknown-imports", sandbox.godwit("compile shop.wasm"));
    assert!(!sandbox.path("shop.cwasm").exists());
    sandbox.godwit("compile app.wasm").expect_success();
    assert_transcript!("compile-twice", sandbox.godwit("compile app.cwasm"));
    let ended = sandbox.godwit("compile app.wasm -o nowhere/app.cwasm");
    assert_transcript!("compile-unwritable", ended);
}
