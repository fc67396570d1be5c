use crate::sandbox::{Sandbox, assert_transcript};

#[test]
fn help_texts() {
    let sandbox = Sandbox::new();
    assert_transcript!("help", sandbox.godwit("--help"));
    assert_transcript!("help-run", sandbox.godwit("run --help"));
    assert_transcript!("help-verify", sandbox.godwit("verify --help"));
    assert_transcript!("help-devices", sandbox.godwit("devices --help"));
    assert_transcript!("help-doctor", sandbox.godwit("doctor --help"));
    assert_transcript!("help-engines", sandbox.godwit("engines --help"));
    assert_transcript!("help-engines-list", sandbox.godwit("engines list --help"));
    assert_transcript!("help-engines-install", sandbox.godwit("engines install --help"));
    assert_transcript!("help-engines-remove", sandbox.godwit("engines remove --help"));
    assert_transcript!("help-inspect", sandbox.godwit("inspect --help"));
    assert_transcript!("help-audit", sandbox.godwit("audit --help"));
    assert_transcript!("help-compile", sandbox.godwit("compile --help"));
    assert_transcript!("help-completions", sandbox.godwit("completions --help"));
}

#[test]
fn without_arguments_the_help_is_shown_and_it_is_an_error() {
    let ended = Sandbox::new().godwit("");
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("Exit codes:"), "{}", ended.stderr);
}

#[test]
fn the_version_is_told() {
    assert_transcript!("version", Sandbox::new().godwit("--version"));
}

#[test]
fn every_shell_gets_a_script_that_knows_the_options() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = sandbox.godwit(&format!("completions {shell}")).expect_success().stdout;
        assert!(script.contains("guest-models"), "{shell}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let mut child = Sandbox::new()
        .command("completions bash")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
}
