//! Who may depend on whom: the rule of the architecture, held against what cargo sees.

#![allow(clippy::expect_used, reason = "a panic here is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// A crate of this workspace: its folder, and what it needs to be built (not to be tested).
#[derive(Debug, Default)]
struct Member {
    folder: String,
    needs: BTreeSet<String>,
}

impl Member {
    /// Whether it is a family of devices. What several backends on one library share is none.
    fn is_backend(&self) -> bool {
        let shared = ["host-backends/onnx", "host-backends/tract"];
        self.folder.starts_with("host-backends/") && !shared.contains(&&*self.folder)
    }
}

type Workspace = BTreeMap<String, Member>;

#[test]
fn every_edge_is_allowed() {
    let broken = broken_edges(&workspace());
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn the_workspace_is_seen() {
    let workspace = workspace();
    for name in ["godwit-backend", "godwit-policy", "godwit-host", "godwit-platform", "godwit-cpu"]
    {
        assert!(workspace.contains_key(name), "{name} is missing: was it renamed?");
    }
    assert!(workspace["godwit-cli"].needs.contains("godwit-host"));
    assert!(workspace["godwit-platform"].needs.contains("godwit-cpu"));
    assert!(workspace["godwit-host"].needs.contains("wasmtime"));
}

fn workspace() -> Workspace {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let mut command = MetadataCommand::new();
    let metadata = command.cargo_path(env!("CARGO")).manifest_path(manifest).no_deps().exec();
    let metadata = metadata.expect("cargo describes the workspace");
    let root = metadata.workspace_root.clone();
    let members = metadata.packages.into_iter().map(|package| {
        let folder =
            package.manifest_path.strip_prefix(&root).expect("a member lies in the workspace");
        let folder = folder.parent().expect("a manifest lies in a folder");
        let needs = package.dependencies.iter();
        let needs = needs.filter(|dependency| dependency.kind != DependencyKind::Development);
        let member = Member {
            folder: folder.as_str().to_owned(),
            needs: needs.map(|dependency| dependency.name.clone()).collect(),
        };
        (package.name.to_string(), member)
    });
    members.collect()
}

/// The edges that are not allowed, each with the reason.
fn broken_edges(workspace: &Workspace) -> Vec<String> {
    let mut broken = Vec::new();
    for (name, member) in workspace {
        for needed in &member.needs {
            if let Some(why) = forbidden(workspace, name, member, needed) {
                broken.push(format!("{name} -> {needed}: {why}"));
            }
        }
        if name == "godwit-policy" {
            let reached = reachable(workspace, name);
            let engine = reached.iter().find(|reached| is_wasmtime(reached));
            broken
                .extend(engine.map(|e| format!("{name} -> ... -> {e}: policy knows no wasmtime")));
        }
    }
    broken
}

fn forbidden(
    workspace: &Workspace,
    name: &str,
    member: &Member,
    needed: &str,
) -> Option<&'static str> {
    let ours = workspace.get(needed);
    // What several backends share is no backend.
    let shared = |name: &str| ["godwit-onnx", "godwit-tract"].contains(&name);
    let concrete = |folder: &str| {
        folder.starts_with("host-backends/")
            && !["host-backends/onnx", "host-backends/tract"].contains(&folder)
    };
    // Nothing in it is about a device, so whoever reads model files may use it too.
    let reads_files = name == "godwit-verify" || member.folder.starts_with("tests/");
    let guest_side = |folder: &str| {
        let guests =
            ["guest-sdk/", "examples/", "tests/guests", "tests/bench/guest", "tests/wasi-nn/guest"];
        guests.iter().any(|guest| folder.starts_with(guest))
    };
    let host_side =
        |folder: &str| folder.starts_with("runtime/") || folder.starts_with("host-backends/");
    if name == "godwit-backend" && ours.is_some() {
        return Some("the contract depends on nothing of ours");
    }
    if name == "godwit-engines" && ours.is_some() {
        return Some("finding a library depends on nothing of ours");
    }
    if name == "godwit-verify" && is_wasmtime(needed) {
        return Some("the verifier knows no wasmtime");
    }
    if name == "godwit-model" && ours.is_some() && needed != "godwit-backend" {
        return Some("the reader of model files depends on the contract alone");
    }
    if name == "godwit-worker" && ours.is_some() && needed != "godwit-backend" {
        return Some("a backend in another process is known by the contract alone");
    }
    if name == "godwit-audit"
        && ours.is_some()
        && !["godwit-backend", "godwit-model"].contains(&needed)
    {
        return Some("the audit depends on the contract and the reader of model files alone");
    }
    if name == "godwit-wasi-nn-suite" && ours.is_some() {
        return Some("the suite judges any host and knows none");
    }
    let reader = name == "godwit-onnx" && needed == "godwit-model";
    if shared(name) && ours.is_some() && needed != "godwit-backend" && !reader {
        return Some("what backends share depends on the contract alone");
    }
    let reads_files = reads_files && needed == "godwit-onnx";
    if shared(needed) && !concrete(&member.folder) && !reads_files {
        return Some("only backends need what backends share");
    }
    if concrete(&member.folder) && ours.is_some() && needed != "godwit-backend" && !shared(needed) {
        return Some("a concrete backend depends on the contract alone");
    }
    if guest_side(&member.folder)
        && (is_wasmtime(needed) || ours.is_some_and(|ours| host_side(&ours.folder)))
    {
        return Some("what runs inside a guest knows nothing of the host");
    }
    if name == "godwit-platform" && needed == "godwit-host" {
        return Some("the platform is put together without the WebAssembly side");
    }
    let may_name_devices = name == "godwit-platform" || member.folder.starts_with("tests/");
    if ours.is_some_and(|ours| concrete(&ours.folder)) && !may_name_devices {
        return Some("only the platform and the tests name concrete backends");
    }
    let shipped = host_side(&member.folder);
    if shipped && ours.is_some_and(|ours| ours.folder.starts_with("tests/")) {
        return Some("what is shipped does not depend on what tests it");
    }
    None
}

/// Everything `from` needs, through crates of this workspace.
fn reachable(workspace: &Workspace, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(next) = open.pop() {
        let needs = workspace.get(&next).map(|member| member.needs.clone()).unwrap_or_default();
        open.extend(needs.into_iter().filter(|need| reached.insert(need.clone())));
    }
    reached
}

fn is_wasmtime(name: &str) -> bool {
    name == "wasmtime" || name.starts_with("wasmtime-")
}

#[test]
fn a_forbidden_edge_is_named() {
    let planted = [
        ("godwit-backend", "godwit-model"),
        ("godwit-model", "godwit-policy"),
        ("godwit-cpu", "godwit-policy"),
        ("godwit-tract", "godwit-cpu"),
        ("godwit-policy", "godwit-tract"),
        ("godwit-onnx", "godwit-policy"),
        ("godwit-host", "godwit-onnx"),
        ("godwit-verify", "godwit-tract"),
        ("godwit-fake", "godwit-cpu"),
        ("godwit-policy", "godwit-fake"),
        ("godwit-engines", "godwit-backend"),
        ("godwit-openvino", "godwit-engines"),
        ("godwit-verify", "wasmtime"),
        ("godwit-verify", "godwit-openvino"),
        ("godwit-policy", "wasmtime"),
        ("godwit-host", "godwit-cpu"),
        ("godwit-cli", "godwit-openvino"),
        ("godwit-platform", "godwit-host"),
        ("godwit-guest", "godwit-backend"),
        ("godwit-guest", "wasmtime-wasi"),
        ("godwit-host", "godwit-fixtures"),
        ("godwit-audit", "godwit-policy"),
        ("godwit-worker", "godwit-policy"),
        ("godwit-wasi-nn-suite", "godwit-backend"),
    ];
    for (from, to) in planted {
        let mut workspace = workspace();
        workspace.get_mut(from).unwrap().needs.insert(to.into());
        let broken = broken_edges(&workspace);
        let named = broken.iter().any(|edge| edge.starts_with(from) && edge.contains(to));
        assert!(named, "{from} -> {to} was let through: {broken:?}");
    }
}

/// Where the line of a family is. Devices of `remote` come from a configuration, and before CUDA's library is
/// loaded a variable has to be settled.
fn lines(family: &str) -> &'static [&'static str] {
    match family {
        "godwit-remote" => &["runtime/platform/src/remote/services.rs"],
        "godwit-cuda" => &["runtime/platform/src/family.rs", "runtime/platform/src/process.rs"],
        _ => &["runtime/platform/src/family.rs"],
    }
}

/// Adding a backend is its folder, its dependency and a line: nothing else that is shipped names one.
#[test]
fn a_family_is_named_in_one_place() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let listed =
        Command::new("git").args(["ls-files", "*.rs", "*.toml"]).current_dir(root).output();
    let listed =
        String::from_utf8(listed.expect("git lists files").stdout).expect("names in UTF-8");
    let files: Vec<(&str, String)> = listed
        .lines()
        .filter_map(|file| Some((file, fs::read_to_string(Path::new(root).join(file)).ok()?)))
        .collect();
    assert!(files.len() > 500, "the repository is not seen: {} files", files.len());
    let workspace = workspace();
    let families = workspace["godwit-platform"].needs.iter();
    let families = families.filter(|name| workspace.get(*name).is_some_and(Member::is_backend));
    let families: Vec<&String> = families.collect();
    assert!(families.len() >= 6, "{families:?}");
    for family in families {
        let folder = &workspace[family].folder;
        let (crate_name, ident) = (format!("{family} ="), family.replace('-', "_") + "::");
        let names = |file: &str, text: &str| match file.ends_with(".toml") {
            true => text.contains(&crate_name),
            false => text.contains(&ident),
        };
        let found: BTreeSet<&str> = files
            .iter()
            .filter(|(file, text)| {
                !file.starts_with("tests/") && !file.starts_with(&**folder) && names(file, text)
            })
            .map(|(file, _)| *file)
            .collect();
        let mut expected = BTreeSet::from(["Cargo.toml", "runtime/platform/Cargo.toml"]);
        expected.extend(lines(family));
        assert_eq!(found, expected, "{family} is named in another place");
    }
}
