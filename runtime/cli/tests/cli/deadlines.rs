//! Whatever an app waits for or makes long, its command ends at `--timeout`.

#![allow(clippy::panic, reason = "a panic in a test is a failed test")]

use std::io::{self, Read as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::apps;
use crate::digits::guest;
use crate::sandbox::Sandbox;

/// No machine is so slow that a command which keeps its deadline needs this long.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is said of an app that was stopped, and not of a process that had to be.
const IN_GOOD_ORDER: &str = "it exceeded --timeout\n help: increase --timeout";

/// Waits for the end, and fails where a deadline was missed.
#[track_caller]
fn code(mut child: Child) -> Option<i32> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("it did not end");
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Ends with the code for a timeout and a message with `part`.
#[track_caller]
fn ends_late(mut command: Command, part: &str) {
    let (mut reader, writer) = io::pipe().unwrap();
    let child = command.stderr(writer).spawn().unwrap();
    drop(command);
    assert_eq!(code(child), Some(124));
    let mut stderr = String::new();
    reader.read_to_string(&mut stderr).unwrap();
    assert!(stderr.contains(part), "{stderr}");
}

/// A core module and a component.
fn floods(sandbox: &Sandbox) -> [String; 2] {
    sandbox.app("flood.wasm", apps::FLOOD);
    ["flood.wasm".to_owned(), guest("writes_too_much.wasm").display().to_string()]
}

#[test]
fn output_that_nobody_reads() {
    let sandbox = Sandbox::new();
    for app in floods(&sandbox) {
        let (_unread, writer) = io::pipe().unwrap();
        let mut command = sandbox.command(&format!("run --timeout 3s {app}"));
        command.stdout(writer);
        ends_late(command, IN_GOOD_ORDER);
    }
}

#[test]
fn output_and_errors_that_nobody_reads() {
    let sandbox = Sandbox::new();
    for app in floods(&sandbox) {
        let (unread, writer) = io::pipe().unwrap();
        let mut command = sandbox.command(&format!("run --report --timeout 3s {app}"));
        let child = command.stdout(writer.try_clone().unwrap()).stderr(writer).spawn().unwrap();
        assert_eq!(code(child), Some(124));
        drop(unread);
    }
}

#[test]
fn input_that_never_comes() {
    let sandbox = Sandbox::new();
    for app in ["reads_input.wasm", "witx_reads_input.wasm"] {
        let (reader, _silent) = io::pipe().unwrap();
        let mut command = sandbox.command(&format!("run --timeout 3s {}", guest(app).display()));
        command.stdin(reader).stdout(Stdio::null());
        ends_late(command, IN_GOOD_ORDER);
    }
}

#[test]
fn a_start_function_that_never_ends() {
    let sandbox = Sandbox::new();
    sandbox.app("start.wasm", apps::ENDLESS_START);
    ends_late(sandbox.command("run --timeout 3s start.wasm"), IN_GOOD_ORDER);
}

#[test]
fn a_model_that_is_never_loaded() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", apps::COMMAND);
    // It takes connections and answers none.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v2/models/m", silent.local_addr().unwrap());
    for (option, part) in [
        ("--timeout 3s", "it exceeded --timeout, which is 3s"),
        ("--load-timeout 1s", "it exceeded --load-timeout, which is 1s"),
    ] {
        let command = sandbox.command(&format!("run {option} --device remote={url} app.wasm"));
        ends_late(command, part);
    }
}

/// Opening it holds the command's own thread, which no other part of it can take back.
#[test]
fn a_model_that_is_never_read() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", apps::COMMAND);
    let made = Command::new("mkfifo").arg(sandbox.path("m.onnx")).status().unwrap();
    assert!(made.success());
    let command = sandbox.command("run --timeout 1s --model m=m.onnx app.wasm");
    ends_late(command, "it exceeded --timeout, and could not be ended in good order");
}

#[test]
fn an_app_that_takes_long_to_compile() {
    let sandbox = Sandbox::new();
    sandbox.write("long.wasm", godwit_fixtures::wasm::nested_loops(20_000));
    let command = sandbox.command("run --timeout 1s long.wasm");
    ends_late(command, "it exceeded --timeout, which is 1s");
    let command = sandbox.command("compile --compile-timeout 1s long.wasm");
    ends_late(command, "godwit compile --compile-timeout 10m long.wasm");
}

#[test]
fn what_was_written_before_the_end_is_complete() {
    let sandbox = Sandbox::new();
    sandbox.app("much.wasm", apps::MEGABYTE);
    let ended = sandbox.godwit("run much.wasm").expect_success();
    assert_eq!(ended.stdout.len(), 1 << 20);
    assert!(ended.stdout.bytes().all(|byte| byte == b'.'));
}

#[test]
fn what_an_app_writes_and_opens_is_limited() {
    let sandbox = Sandbox::new();
    for app in floods(&sandbox) {
        let ended = sandbox.godwit(&format!("run --max-output 100KiB {app}"));
        assert_eq!(ended.code, Some(134), "{}", ended.stderr);
        assert!(ended.stderr.contains("more than its 102400 bytes of output"), "{}", ended.stderr);
        assert!(ended.stdout.len() <= 102_400, "{}", ended.stdout.len());
    }
    sandbox.folder("models").write("models/one", "");
    for app in ["many_open.wasm", "witx_many_open.wasm"] {
        let app = guest(app);
        let run = |option| {
            let app = app.display();
            sandbox.godwit(&format!("run {option} --dir models::/models {app}"))
        };
        let ended = run("--max-files 20");
        assert!(ended.stderr.contains("all of its 20 files and streams"), "{}", ended.stderr);
        let ended = run("--max-handles 30");
        assert!(ended.stderr.contains("resource table"), "{}", ended.stderr);
    }
}
