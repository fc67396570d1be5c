//! Native engines: found, named, loaded when asked for, and not otherwise.

use std::fs;
use std::process::Command;

use crate::apps;
use crate::sandbox::{Ended, Sandbox, assert_transcript, engines, fixture};

const EVERY_DEVICE: [&str; 3] = ["cpu:0", "ort-cpu:0", "openvino-cpu:0"];

/// Python may be anywhere but where this command looks.
fn without_python(mut command: Command) -> Command {
    command.env("PATH", "nowhere");
    command
}

#[test]
fn an_engine_that_is_not_where_it_was_said_to_be() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", apps::COMMAND);
    let run = "run --device openvino-cpu:0 app.wasm";
    assert_transcript!("engine-variable-wrong", sandbox.godwit(run));
    let option = format!("--library openvino=nowhere.so {run}");
    assert_transcript!("engine-option-wrong", sandbox.godwit(&option));
    assert_transcript!("engine-option-syntax", sandbox.godwit("devices --library openvin=x"));
    let listing = sandbox.godwit("devices --json").expect_success().json();
    let absent = listing["absent"].as_array().unwrap();
    let openvino = absent.iter().find(|absent| absent["family"] == "openvino").unwrap();
    assert_eq!(openvino["looked"][0]["variable"], "GODWIT_OPENVINO");
    assert_eq!(openvino["looked"][0]["path"], "absent/openvino");
    // Installing it would not help.
    assert!(openvino["install"].is_null(), "{openvino}");
}

/// What is installed is not what the machine may have: so the folder is one without engines, and only what
/// holds everywhere is compared.
#[test]
fn an_absent_engine_has_every_place_and_a_remedy() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("devices --json");
    command.env_remove("GODWIT_OPENVINO");
    let listing = Ended::of(command, "devices --json").expect_success().json();
    let absent = listing["absent"].as_array().unwrap();
    if let Some(openvino) = absent.iter().find(|absent| absent["family"] == "openvino") {
        let looked = openvino["looked"].as_array().unwrap();
        let first = &looked[0];
        assert_eq!(
            (&first["variable"], &first["outcome"]),
            (&"GODWIT_OPENVINO".into(), &"unset".into())
        );
        let own = looked.iter().find(|place| place["source"] == "installed").unwrap();
        assert_eq!(own["path"], sandbox.path("engines/openvino").to_str().unwrap());
        assert!(looked.iter().any(|place| place["source"] == "system"), "{openvino}");
        assert!(looked.iter().any(|place| place["source"] == "python"), "{openvino}");
        assert_eq!(openvino["install"], "godwit engines install openvino");
    } else {
        let loaded = listing["libraries"].as_array().unwrap();
        assert!(loaded.iter().any(|library| library["engine"] == "openvino"), "{listing}");
    }
    let mut command = sandbox.command("devices");
    command.env_remove("GODWIT_OPENVINO");
    let table = Ended::of(command, "devices").expect_success().stdout;
    assert!(!table.contains("unavailable:\n  openvino") || table.contains("searched: "), "{table}");
}

#[test]
fn an_engine_that_nobody_asked_for_is_not_even_looked_for() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", apps::COMMAND);
    fs::copy(fixture("digits.onnx"), sandbox.path("digits.onnx")).unwrap();
    let output = sandbox
        .command_with_engines("run -vvv --device cpu:0 --model d=digits.onnx app.wasm")
        .output()
        .unwrap();
    assert!(output.status.success());
    let wrong = "run --library openvino=x --library onnxruntime=x --model d=digits.onnx app.wasm";
    sandbox.godwit(wrong).expect_success();
}

#[test]
fn devices_says_which_file_was_loaded_and_its_version() {
    let sandbox = Sandbox::new();
    let listing = sandbox.godwit_with_engines("devices --json").expect_success().json();
    // GPUs are another matter: a machine has them or not.
    let absent = listing["absent"].as_array().unwrap().iter();
    let mut absent = absent.map(|absent| absent["family"].as_str().unwrap());
    assert!(absent.all(|family| ["cuda", "rocm"].contains(&family)), "{}", listing["absent"]);
    let libraries = listing["libraries"].as_array().unwrap();
    for (engine, version) in [("openvino", "2026.4.1"), ("onnxruntime", "1.31.1")] {
        let library = libraries.iter().find(|library| library["engine"] == engine).unwrap();
        assert_eq!(library["version"], version);
        assert_eq!(library["place"]["source"], "installed");
        let path = library["path"].as_str().unwrap();
        assert!(path.starts_with(engines().to_str().unwrap()), "{path}");
    }
    for id in EVERY_DEVICE {
        let devices = listing["devices"].as_array().unwrap();
        assert!(devices.iter().any(|device| device["id"] == id), "{id}: {devices:#?}");
    }
    let table = sandbox.godwit_with_engines("devices").expect_success().stdout;
    assert!(table.contains("\nlibraries:\n") && table.contains("(installed by godwit)"), "{table}");
}

/// Sockets of the process that reach beyond it: those that its network namespace lists.
#[cfg(target_os = "linux")]
fn network_sockets(process: u32) -> Vec<String> {
    let listed = |file: &str| fs::read_to_string(format!("/proc/{process}/net/{file}"));
    let tables =
        ["tcp", "tcp6", "udp", "udp6", "raw", "raw6"].map(|file| listed(file).unwrap_or_default());
    let tables = tables.concat();
    let inodes: Vec<&str> =
        tables.lines().filter_map(|line| line.split_whitespace().nth(9)).collect();
    let open = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    let open = open
        .filter_map(|entry| fs::read_link(entry.path()).ok()?.into_os_string().into_string().ok());
    open.filter(|open| {
        let inode = open.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
        inode.is_some_and(|inode| inodes.contains(&inode))
    })
    .collect()
}

#[cfg(target_os = "linux")]
#[test]
fn an_engine_leaves_nothing_behind_and_calls_nobody() {
    use std::time::{Duration, Instant};

    for isolate in ["none", "all"] {
        let sandbox = Sandbox::new();
        sandbox.app("endless.wasm", apps::ENDLESS);
        fs::copy(fixture("digits.onnx"), sandbox.path("digits.onnx")).unwrap();
        let run = format!(
            "run --isolate {isolate} --timeout 4s --model o=digits.onnx,device=ort-cpu:0 \
             --model v=digits.onnx,device=openvino-cpu:0 endless.wasm"
        );
        let mut command = sandbox.command_with_engines(&run);
        // As for a user, not as the tests of this repository are run.
        command.env_remove("ORT_DISABLE_TELEMETRY");
        let mut child = command
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        let mut looked = 0;
        while child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < Duration::from_secs(120), "it does not end");
            let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id()));
            let children = children.unwrap_or_default();
            let workers = children.split_whitespace().filter_map(|id| id.parse().ok());
            for process in std::iter::once(child.id()).chain(workers) {
                assert_eq!(network_sockets(process), [""; 0]);
                looked += 1;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(looked > 10);
        let mut left = Vec::new();
        let mut folders = vec![sandbox.path("")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path => left
                        .push(path.strip_prefix(sandbox.path("")).unwrap().display().to_string()),
                }
            }
        }
        left.retain(|path| {
            !path.starts_with(".cache/godwit/") && path != ".config/godwit/seal.key"
        });
        left.sort();
        assert_eq!(left, ["digits.onnx", "endless.wasm"], "--isolate {isolate}");
    }
}

#[test]
fn a_model_runs_on_each_with_options_of_its_own() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", apps::COMMAND).folder("ir");
    fs::copy(fixture("digits.onnx"), sandbox.path("digits.onnx")).unwrap();
    for file in ["digits.xml", "digits.bin"] {
        fs::copy(fixture(file), sandbox.path("ir").join(file)).unwrap();
    }
    for model in [
        "digits.onnx,device=cpu:0,set.threads=1",
        "digits.onnx,device=ort-cpu:0",
        "digits.onnx,device=openvino-cpu:0,set.num_streams=1",
        "ir,device=openvino-cpu:0",
        "ir/digits.xml,device=openvino-cpu:0",
    ] {
        sandbox.godwit_with_engines(&format!("run --model d={model} app.wasm")).expect_success();
    }
    for device in &EVERY_DEVICE[1..] {
        let typed =
            format!("run --model d=digits.onnx,device={device},set.no_such_thing=2 app.wasm");
        let ended = sandbox.godwit_with_engines(&typed);
        assert_eq!(ended.code, Some(67), "{}", ended.stderr);
        assert!(ended.stderr.contains("no_such_thing"), "{}", ended.stderr);
    }
}

#[test]
fn the_list_says_what_is_here_and_what_could_be() {
    let sandbox = Sandbox::new();
    assert_transcript!("engines-list-absent", sandbox.godwit("engines list"));
    let rows = sandbox.godwit_with_engines("engines list --json").expect_success().json();
    let rows = rows["engines"].as_array().unwrap();
    let names: Vec<_> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["openvino", "onnxruntime"]);
    for row in rows {
        assert_eq!(row["installed"][0]["whole"], true, "{row}");
        assert_eq!(row["installed"][0]["version"], row["release"]["version"]);
        assert_eq!(row["found"]["version"], row["release"]["version"]);
        assert_eq!(row["found"]["path"], row["installed"][0]["library"]);
    }
}

#[test]
fn what_cannot_be_installed_says_why_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("other.whl", "not the file that is pinned");
    assert_transcript!("engines-install-unknown", sandbox.godwit("engines install openvin"));
    assert_transcript!(
        "engines-install-other-file",
        sandbox.godwit("engines install onnxruntime --wheel other.whl")
    );
    let arguments = "engines install onnxruntime";
    let ended = Ended::of(without_python(sandbox.command(arguments)), arguments);
    assert_eq!(ended.code, Some(69));
    assert!(ended.stderr.contains("there is no Python 3"), "{}", ended.stderr);
    assert!(ended.stderr.contains("--wheel FILE"), "{}", ended.stderr);
    let left = fs::read_dir(sandbox.path("engines/onnxruntime")).unwrap().flatten();
    let left: Vec<_> = left.map(|entry| entry.file_name()).filter(|name| name != ".lock").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn removing_takes_what_is_there() {
    let sandbox = Sandbox::new();
    assert_transcript!("engines-remove-none", sandbox.godwit("engines remove openvino"));
    fs::create_dir_all(sandbox.path("engines/openvino/2025.1.0")).unwrap();
    fs::write(sandbox.path("engines/openvino/2025.1.0/libopenvino_c.so"), "old").unwrap();
    let other = sandbox.godwit("engines remove openvino --version 2026.4.1").expect_success();
    assert!(other.stdout.contains("is not installed in"), "{}", other.stdout);
    assert_transcript!("engines-remove", sandbox.godwit("engines remove openvino"));
    assert!(!sandbox.path("engines/openvino/2025.1.0").exists());
}
