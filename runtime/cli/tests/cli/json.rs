//! What programs read: `docs/json.md` says what it means.

use std::fs;

use crate::apps;
use crate::sandbox::{Sandbox, fixture};

const COMMANDS: [(&str, &str); 7] = [
    ("run", "run --report --json app.wasm"),
    ("verify", "verify --json --model d=digits.onnx --devices cpu:0 --samples 1"),
    ("devices", "devices --json"),
    ("doctor", "doctor --json"),
    ("engines list", "engines list --json"),
    ("inspect", "inspect --json digits.onnx"),
    ("audit", "audit --json app.wasm"),
];

#[test]
fn every_json_output_carries_the_schema_version() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", apps::COMMAND);
    fs::copy(fixture("digits.onnx"), sandbox.path("digits.onnx")).unwrap();
    for (_, typed) in COMMANDS {
        let ended = sandbox.godwit(typed);
        let json = if typed.starts_with("run") { &ended.stderr } else { &ended.stdout };
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(json["schema"], 1, "{typed}");
        let page = include_str!("../../../../docs/json.md");
        assert!(page.contains("first member is `\"schema\": 1`"), "the page is of another version");
    }
}

/// The names of the commands in a help text.
fn commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty() && *name != "help").map(str::to_owned).collect()
}

#[test]
fn no_command_with_json_is_forgotten() {
    let sandbox = Sandbox::new();
    let help = |command: &str| sandbox.godwit(&format!("{command} --help")).stdout;
    let mut open = commands(&help(""));
    assert!(open.len() >= 8, "{open:?}");
    while let Some(command) = open.pop() {
        let text = help(&command);
        open.extend(commands(&text).iter().map(|name| format!("{command} {name}")));
        let has_json = text.lines().any(|line| line.trim_start().starts_with("--json"));
        let is_listed = COMMANDS.iter().any(|(name, _)| *name == command);
        let page = include_str!("../../../../docs/json.md");
        let is_described = page.contains(&format!("## `godwit {command} --"));
        assert_eq!((is_listed, is_described), (has_json, has_json), "godwit {command}");
    }
}
