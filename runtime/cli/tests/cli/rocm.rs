//! AMD's library by the real program: under the loader it needs, without AMD hardware.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use godwit_fixtures::migraphx;

use crate::digits::arguments;
use crate::sandbox::{Ended, Sandbox};

/// `godwit` with MIGraphX at `library` and what lies beside it.
fn godwit_at(library: &Path, arguments: &str) -> Ended {
    let sandbox = Sandbox::new();
    let own = sandbox.command(arguments);
    let program = Path::new(env!("CARGO_BIN_EXE_godwit"));
    let mut command = migraphx::command_with(library.parent().unwrap(), program).unwrap();
    command.args(own.get_args()).env_clear();
    command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(own.get_current_dir().unwrap()).env("GODWIT_MIGRAPHX", library);
    Ended::of(command, arguments)
}

fn godwit(arguments: &str) -> Ended {
    godwit_at(&migraphx::library().unwrap(), arguments)
}

/// Why a family is absent; `None` where it is not.
fn why(listing: &serde_json::Value, family: &str) -> Option<String> {
    let absent = listing["absent"].as_array().unwrap();
    let absent = absent.iter().find(|absent| absent["family"] == family)?;
    Some(absent["why"].as_str().unwrap().to_owned())
}

#[test]
fn the_digits_example_gives_the_answers_of_the_cpu() {
    let classes = |device: &str| -> Vec<String> {
        let printed = godwit(&arguments(&format!("--device {device}"))).expect_success().stdout;
        printed.lines().map(|line| line.split("  ").take(2).collect()).collect()
    };
    let cpu = classes("cpu:0");
    assert_eq!(cpu.len(), 101);
    assert_eq!(classes("rocm-ref:0"), cpu);
}

#[test]
fn the_reference_is_not_offered_and_hip_says_why_there_is_no_gpu() {
    let listing = godwit("devices --json").expect_success().json();
    let ids = listing["devices"].as_array().unwrap().iter().map(|device| &device["id"]);
    let ids: Vec<&str> = ids.filter_map(|id| id.as_str()).collect();
    assert!(!ids.contains(&"rocm-ref:0"), "{ids:?}");
    // A machine with AMD hardware after all has GPUs to show.
    if !ids.iter().any(|id| id.starts_with("rocm:")) {
        let why = why(&listing, "rocm").unwrap();
        assert!(why.contains("no ROCm-capable device"), "{why}");
    }
}

#[test]
fn without_hip_its_files_are_named() {
    let library = migraphx::library().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(library.parent().unwrap()).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with("libamdhip64") {
            symlink(entry.path(), folder.path().join(name)).unwrap();
        }
    }
    let there: PathBuf = folder.path().join("libmigraphx_c.so.3");
    let listing = godwit_at(&there, "devices --json").expect_success().json();
    let why = why(&listing, "rocm").unwrap();
    assert!(
        why.contains("libamdhip64.so.6") && why.contains(&*folder.path().to_string_lossy()),
        "{why}"
    );
}

#[test]
fn without_the_library_it_is_said_what_was_looked_for() {
    let sandbox = Sandbox::new();
    let listing = sandbox.godwit("devices --json").expect_success().json();
    let text = why(&listing, "rocm").unwrap();
    assert!(text.contains("absent/migraphx"), "{text}");
    assert_eq!(why(&listing, "rocm-ref"), None, "who has not asked for it is not told of it");

    let mut anywhere = sandbox.command("devices --json");
    anywhere.env_remove("GODWIT_MIGRAPHX").env("ROCM_PATH", sandbox.path("rocm"));
    let listing = Ended::of(anywhere, "devices --json").expect_success().json();
    let absent = listing["absent"].as_array().unwrap();
    // A machine with AMD's library has nothing to look for.
    if let Some(absent) = absent.iter().find(|absent| absent["family"] == "rocm")
        && absent["install"].is_string()
    {
        let looked = absent["looked"].to_string();
        assert!(looked.contains("rocm/lib") && looked.contains("/opt/rocm/lib"), "{looked}");
        assert!(absent["install"].as_str().unwrap().contains("package migraphx"), "{absent}");
    }
}
