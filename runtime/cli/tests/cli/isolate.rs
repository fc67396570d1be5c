//! Devices that are driven by processes of their own.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use godwit_backend::DType;
use godwit_fixtures::onnx::Graph;

use crate::digits::arguments;
use crate::sandbox::Sandbox;

#[test]
fn the_digits_are_the_same_from_a_process_of_its_own() {
    let sandbox = Sandbox::new();
    for device in ["cpu:0", "ort-cpu:0", "openvino-cpu:0"] {
        let answers = |isolate: &str| {
            let options = arguments(&format!("--device {device} --isolate {isolate}"));
            sandbox.godwit_with_engines(&options).expect_success().stdout
        };
        let here = answers("none");
        assert!(here.lines().count() > 100, "{here}");
        assert_eq!(answers("all"), here, "{device}");
    }
}

#[test]
fn a_device_says_that_its_process_is_its_own() {
    let sandbox = Sandbox::new();
    let process = |isolate: &str| {
        let listing = sandbox.godwit(&format!("devices --json --isolate {isolate}"));
        let listing = listing.expect_success().json();
        let cpu = listing["devices"].as_array().unwrap().iter().find(|it| it["id"] == "cpu:0");
        cpu.unwrap()["labels"]["process"].clone()
    };
    assert_eq!(process("cpu"), "its own");
    assert!(process("none").is_null());
}

#[test]
fn engines_run_in_confined_processes_unless_told_otherwise() {
    let sandbox = Sandbox::new();
    let listing = sandbox.godwit_with_engines("devices --json --isolate strict");
    let listing = listing.expect_success().json();
    let devices = listing["devices"].as_array().unwrap();
    for id in ["ort-cpu:0", "openvino-cpu:0"] {
        let device = devices.iter().find(|device| device["id"] == id);
        let device = device.unwrap_or_else(|| panic!("{id} is not confined here: {listing}"));
        assert_eq!(device["labels"]["process"], "its own", "{id}");
    }
    let cpu = devices.iter().find(|device| device["id"] == "cpu:0").unwrap();
    assert!(cpu["labels"]["process"].is_null());
}

/// What the system says of the processes that one command starts, while an app waits for its input.
#[test]
fn a_worker_inherits_nothing_and_has_what_its_library_needs() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command_with_engines(&arguments("--device ort-cpu:0"));
    command.env("GODWIT_SECRET", "swordfish").env("AWS_SECRET_ACCESS_KEY", "swordfish");
    let (_, seen) = workers_of(command);
    assert!(!seen.is_empty(), "no worker was seen");
    for worker in seen {
        assert!(!worker.environment.contains("swordfish"), "{}", worker.environment);
        assert!(worker.environment.contains("ORT_DISABLE_TELEMETRY=1"), "{}", worker.environment);
        assert!(worker.status.contains("NoNewPrivs:\t1"), "{}", worker.status);
        assert!(worker.status.contains("Seccomp:\t2"), "{}", worker.status);
    }
}

struct Seen {
    environment: String,
    status: String,
}

/// How `command` ends, and the workers that it starts as they were last seen.
fn workers_of(mut command: Command) -> (Option<i32>, Vec<Seen>) {
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let mut seen = BTreeMap::new();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let path = process.path();
            let read = |name: &str| fs::read_to_string(path.join(name)).unwrap_or_default();
            let status = read("status");
            if !status.contains(&format!("PPid:\t{}\n", child.id())) {
                continue;
            }
            let one = Seen { environment: read("environ"), status };
            // One that is about to end has neither.
            if one.environment.is_empty() || !one.status.contains("VmHWM:") {
                continue;
            }
            if one.status.contains("Seccomp:\t2") || !seen.contains_key(&path) {
                seen.insert(path, one);
            }
        }
    };
    (code, seen.into_values().collect())
}

#[test]
fn the_doctor_tells_what_is_confined() {
    let sandbox = Sandbox::new();
    let report = sandbox.godwit_with_engines("doctor --json").expect_success().json();
    let checks = report["checks"].as_array().unwrap();
    for name in ["worker: network", "worker: files", "worker: system calls", "worker: memory"] {
        let check = checks.iter().find(|check| check["name"] == name).unwrap();
        assert_eq!(check["ok"], true, "{check}");
    }
    let none = sandbox.godwit("doctor").expect_success().stdout;
    assert!(none.contains("godwit engines install openvino"), "{none}");
}

/// A product of 576 MB, of which the output is one number.
fn hungry() -> Vec<u8> {
    let mut graph = Graph::new("hungry");
    graph.input("x", DType::F32, [12_000, 1]);
    graph.input("y", DType::F32, [1, 12_000]);
    graph.node("MatMul", ["x", "y"], "product");
    graph.node("ReduceMax", ["product"], "z").int("keepdims", 0);
    graph.output("z", DType::F32, [0i64; 0]);
    graph.into_bytes()
}

#[test]
fn an_engine_takes_no_more_memory_than_it_is_given() {
    let sandbox = Sandbox::new();
    sandbox.write("hungry.onnx", hungry());
    let verify = |memory: &str| {
        let options = format!("--samples 1 --repeat 1 --max-engine-memory {memory}");
        let devices = "--devices ort-cpu:0,openvino-cpu:0";
        workers_of(
            sandbox
                .command_with_engines(&format!("verify --model m=hungry.onnx {devices} {options}")),
        )
    };
    let (enough, _) = verify("3GiB");
    assert_eq!(enough, Some(0), "there is enough memory");
    let (little, workers) = verify("200MiB");
    assert_ne!(little, Some(0), "576 MB were taken");
    for worker in workers {
        let most = worker.status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let most: u64 = most.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(most < 500_000, "a worker took {most} kB");
    }
}

#[test]
fn a_family_that_there_is_not_is_named() {
    let sandbox = Sandbox::new();
    let ended = sandbox.godwit("devices --isolate rokm");
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("there is no family 'rokm': did you mean 'rocm'?"),
        "{}",
        ended.stderr
    );
}

#[test]
fn the_process_is_not_for_people_and_says_so() {
    let ended = Sandbox::new().godwit("worker cpu");
    assert_eq!(ended.code, Some(69), "{}", ended.stderr);
    assert!(ended.stderr.contains("answers to that alone"), "{}", ended.stderr);
    assert!(ended.stderr.contains("godwit run --isolate FAMILY"), "{}", ended.stderr);
}
