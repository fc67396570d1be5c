//! Chores say what they do before they do anything.

use std::io;
use std::process::Command;

fn chore(args: &[&str]) -> io::Result<(bool, String)> {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(args).output()?;
    let text = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
}

#[test]
fn every_chore_explains_itself() {
    let (_, list) = chore(&["--help"]).unwrap();
    for name in ["setup", "build", "demo", "test", "coverage", "conformance", "bench overhead"] {
        let words: Vec<_> = name.split(' ').chain(["--help"]).collect();
        let (is_known, help) = chore(&words).unwrap();
        assert!(is_known, "{help}");
        assert!(help.contains(&format!("Usage: cargo xtask {name}")), "{help}");
        assert!(list.contains(words[0]), "{list}");
        // More than the one line of the list.
        assert!(help.lines().take_while(|line| !line.starts_with("Usage")).count() > 3, "{help}");
    }
}

#[test]
fn an_unknown_chore_fails_and_names_the_nearest() {
    let (is_known, text) = chore(&["demmo"]).unwrap();
    assert!(!is_known);
    assert!(text.contains("demo"), "{text}");
}

#[test]
fn what_is_downloaded_is_told_beforehand() {
    let (_, help) = chore(&["setup", "--help"]).unwrap();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in ["OpenVINO", "ONNX Runtime", "target/engines", "MiniLM"] {
        assert!(help.contains(name), "{name}: {help}");
    }
}
