use std::fs;

use crate::apps;
use crate::sandbox::{Sandbox, assert_transcript, fixture};

#[test]
fn the_apps_own_code_is_passed_on() {
    let sandbox = Sandbox::new();
    sandbox
        .app("command.wasm", apps::COMMAND)
        .app("failing.wasm", apps::FAILING_COMMAND)
        .app("echo.wasm", apps::ECHO);
    assert_eq!(sandbox.godwit("run command.wasm").code, Some(0));
    assert_eq!(sandbox.godwit("run failing.wasm").code, Some(1));
    assert_eq!(sandbox.godwit("run echo.wasm").code, Some(7));
}

#[test]
fn arguments_reach_the_app() {
    let sandbox = Sandbox::new();
    sandbox.app("echo.wasm", apps::ECHO);
    let heard = |arguments: &str| {
        let stdout = sandbox.godwit(&format!("run {arguments}")).stdout;
        stdout.split_terminator('\0').map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        heard("echo.wasm --labels l.csv /images"),
        ["echo.wasm", "--labels", "l.csv", "/images"]
    );
    assert_eq!(
        heard("echo.wasm --timeout 30s a --timeout b"),
        ["echo.wasm", "a", "--timeout", "b"]
    );
    assert_eq!(heard("echo.wasm -- --timeout 30s"), ["echo.wasm", "--timeout", "30s"]);
}

#[test]
fn the_environment_is_what_was_given_and_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.app("environ.wasm", apps::ENVIRON);
    let ended = sandbox.godwit("run --env A=1 --env B=x=y environ.wasm").expect_success();
    assert_eq!(ended.stdout, "A=1\0B=x=y\0");
    assert_eq!(sandbox.godwit("run environ.wasm").expect_success().stdout, "");
}

#[test]
fn a_read_only_folder_cannot_be_written() {
    let sandbox = Sandbox::new();
    sandbox.app("create.wasm", apps::CREATE_FILE).folder("data");
    let ended = sandbox.godwit("run --dir data::/data:ro create.wasm");
    assert_ne!(ended.code, Some(0));
    assert!(!sandbox.path("data/made").exists());
    sandbox.godwit("run --dir data::/data create.wasm").expect_success();
    assert!(sandbox.path("data/made").exists());
}

#[test]
fn a_trap_and_a_timeout_have_codes_of_their_own() {
    let sandbox = Sandbox::new();
    sandbox.app("trap.wasm", apps::TRAP).app("endless.wasm", apps::ENDLESS);
    assert_transcript!("trap", sandbox.godwit("run trap.wasm"));
    assert_transcript!("timeout", sandbox.godwit("run --timeout 3s endless.wasm"));
}

#[test]
fn memory_is_limited() {
    let sandbox = Sandbox::new();
    sandbox.app("large.wasm", apps::LARGE);
    sandbox.godwit("run large.wasm").expect_success();
    sandbox.godwit("run --max-memory 2GiB large.wasm").expect_success();
    assert_transcript!("memory-limit", sandbox.godwit("run --max-memory 64MiB large.wasm"));
}

#[test]
fn a_report_is_made_however_it_ends() {
    let sandbox = Sandbox::new();
    sandbox.app("trap.wasm", apps::TRAP);
    let ended = sandbox.godwit("run --json --report-file report.json trap.wasm");
    assert_eq!(ended.code, Some(134));
    let report = fs::read(sandbox.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["end"], "trapped");
    assert_eq!(report["rows"].as_array().unwrap().len(), 0);

    let ended = sandbox.godwit("run --report trap.wasm");
    assert!(ended.stderr.starts_with("no model was loaded\n"), "{}", ended.stderr);
}

#[test]
fn models_are_read_in_either_encoding_of_a_name() {
    let sandbox = Sandbox::new();
    sandbox.app("command.wasm", apps::COMMAND);
    for file in ["digits.onnx", "digits.xml", "digits.bin"] {
        fs::copy(fixture(file), sandbox.path(file)).unwrap();
    }
    let both = "--model d=digits.xml --model d=digits.onnx,device=cpu:0";
    sandbox.godwit(&format!("run {both} command.wasm")).expect_success();
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_the_app() {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    let sandbox = Sandbox::new();
    sandbox.app("endless.wasm", apps::ENDLESS);
    let mut command = sandbox.command("run --report --timeout 60s endless.wasm");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "begun\n");
    assert!(
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("cancelled in") && stderr.contains("error: cancelled"), "{stderr}");
}
