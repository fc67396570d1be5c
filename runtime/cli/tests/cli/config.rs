//! `godwit.toml`, and services on the command line. That they are used is tested where there are servers.

use crate::apps;
use crate::sandbox::{Ended, Sandbox, assert_transcript};

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

/// A service whose token is made by a command, which leaves a trace.
fn trap(sandbox: &Sandbox) -> (String, std::path::PathBuf) {
    let trace = sandbox.path("ran");
    let command = format!("[\"sh\", \"-c\", \"echo x >> {}; echo token\"]", trace.display());
    let auth = format!("auth = {{ bearer = {{ token = {{ command = {command} }} }} }}");
    let url = format!("http://127.0.0.1:{}", nobody());
    (device(&auth).replace("https://triton.example", &url), trace)
}

/// What is typed after each command's name. Those who add a command say here how it is tried.
fn arguments(command: &str) -> &'static str {
    match command {
        "run" => "--model d=digits.onnx a.wasm",
        "verify" => "--devices cpu:0 --model d=digits.onnx",
        "inspect" => "digits.onnx",
        "audit" => "a.wasm --model d=digits.onnx",
        "engines" => "list",
        "compile" => "a.wasm -o b.wasm",
        "completions" => "bash",
        "devices" | "doctor" | "help" => "",
        other => panic!("how is 'godwit {other}' called?"),
    }
}

/// Whoever can write into the folder that a user happens to be in must not choose what the user runs.
#[test]
fn no_command_reads_the_file_that_lies_here() {
    let sandbox = Sandbox::new();
    let (trap, trace) = trap(&sandbox);
    sandbox.write("godwit.toml", trap).app("a.wasm", apps::COMMAND);
    std::fs::copy(crate::sandbox::fixture("digits.onnx"), sandbox.path("digits.onnx")).unwrap();

    let help = sandbox.godwit("--help").stdout;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    // Lines that go on are indented by more.
    let commands: Vec<&str> = listed
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.contains(&"devices") && commands.len() >= 9, "{commands:?}");
    let note = "note: 'godwit.toml' in the current folder is not read; \
                to use it: --config godwit.toml\n";
    for command in commands {
        let ended = sandbox.godwit(&format!("{command} {}", arguments(command))).expect_success();
        assert!(!trace.exists(), "{} ran what it must not read", ended.typed);
        let looks_for_devices =
            ["run", "verify", "devices", "doctor", "inspect", "audit"].contains(&command);
        assert_eq!(ended.stderr.contains(note), looks_for_devices, "{}", ended.stderr);
    }
    // The trap is one: named, the file is read, and its command runs.
    let ended = sandbox.godwit("devices --config godwit.toml").expect_success();
    assert!(trace.exists() && !ended.stderr.contains("note: "), "{}", ended.stderr);
}

#[test]
fn the_users_own_file_is_read_unless_another_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write("empty.toml", "").app("a.wasm", apps::COMMAND);
    std::fs::create_dir_all(sandbox.path(".config/godwit")).unwrap();
    sandbox.write(".config/godwit/godwit.toml", "[[devise]]");
    let ended = sandbox.godwit("run a.wasm");
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains(".config/godwit/godwit.toml', line 1"), "{}", ended.stderr);
    sandbox.godwit("run --config empty.toml a.wasm").expect_success();
    // Commands that look for no device do not read it.
    sandbox.godwit("compile a.wasm -o b.wasm").expect_success();
    let mut elsewhere = sandbox.command("run a.wasm");
    elsewhere.env("XDG_CONFIG_HOME", sandbox.path("elsewhere"));
    Ended::of(elsewhere, "run a.wasm").expect_success();
    // One who stands in that folder is told nothing about a file that is read.
    let mut inside = sandbox.command("run a.wasm");
    inside.current_dir(sandbox.path(".config/godwit"));
    let ended = Ended::of(inside, "run a.wasm");
    assert!(ended.code == Some(78) && !ended.stderr.contains("note: "), "{}", ended.stderr);
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_change_is_refused() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    let sandbox = Sandbox::new();
    sandbox.folder("conf").write("conf/mine.toml", "");
    let with = |folder: u32, file: u32| {
        set_permissions(sandbox.path("conf"), Permissions::from_mode(folder)).unwrap();
        set_permissions(sandbox.path("conf/mine.toml"), Permissions::from_mode(file)).unwrap();
        sandbox.godwit("devices --config conf/mine.toml")
    };
    with(0o755, 0o644).expect_success();
    assert_transcript!("config-writable", with(0o755, 0o664));
    assert_transcript!("config-in-writable-folder", with(0o777, 0o644));
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
