use godwit_backend::ErrorKind;

use super::*;
use crate::probe::{CCCL_HEADERS, CUBLAS, CUDNN};

const FIRST: &str = "GPU-11111111-1111-1111-1111-111111111111";
const SECOND: &str = "GPU-22222222-2222-2222-2222-222222222222";

fn visible(uuid: &str, bus: &str) -> Visible {
    Visible {
        uuid: uuid.to_owned(),
        bus: bus.to_owned(),
        name: "NVIDIA H200".to_owned(),
        capability: (9, 0),
        memory: 150 << 30,
    }
}

fn installed(index: u32, uuid: &str, bus: &str) -> Installed {
    Installed {
        index,
        uuid: uuid.to_owned(),
        bus: bus.to_owned(),
        name: "NVIDIA H200".to_owned(),
        memory: Some(DeviceMemory { total: 150 << 30, free: 140 << 30 }),
        mig: Some(false),
        ..Installed::default()
    }
}

/// Two GPUs of which CUDA shows the second one first.
fn two() -> Answers {
    Answers {
        driver: Driver::Ready {
            api: 13_000,
            visible: vec![visible(SECOND, "0000:18:00.0"), visible(FIRST, "0000:17:00.0")],
        },
        machine: Ok(Machine {
            driver: Some("580.95.05".to_owned()),
            gpus: vec![
                installed(0, FIRST, "00000000:17:00.0"),
                installed(1, SECOND, "00000000:18:00.0"),
            ],
        }),
        missing: Vec::new(),
        headers: None,
        visible_devices: None,
    }
}

fn usages(answers: &Answers) -> Vec<(String, Usage)> {
    let gpus = judge(answers).unwrap().gpus;
    gpus.into_iter().map(|gpu| (gpu.id.to_string(), gpu.usage)).collect()
}

fn refusal(answers: &Answers) -> Error {
    let error = judge(answers).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(!error.message().contains(".so"), "a file is named to the guest: {error}");
    error
}

#[test]
fn every_gpu_is_listed_in_the_machines_numbers_and_none_is_taken_for_the_first() {
    let found = usages(&two());
    let expected = [("cuda:1".to_owned(), Usage::Driven), ("cuda:0".to_owned(), Usage::NotDriven)];
    assert_eq!(found, expected);
}

#[test]
fn a_hidden_gpu_stays_in_the_list() {
    let mut answers = two();
    let only = vec![visible(SECOND, "0000:18:00.0")];
    answers.driver = Driver::Ready { api: 13_010, visible: only };
    let expected = [("cuda:1".to_owned(), Usage::Driven), ("cuda:0".to_owned(), Usage::Hidden)];
    assert_eq!(usages(&answers), expected);
}

#[test]
fn without_nvml_the_driver_numbers_them() {
    let mut answers = two();
    answers.machine = Err("libnvidia-ml.so.1 was not found".to_owned());
    let inventory = judge(&answers).unwrap();
    assert_eq!(inventory.driver, None);
    assert_eq!(inventory.gpus[0].installed.uuid, SECOND);
    let expected = [("cuda:0".to_owned(), Usage::Driven), ("cuda:1".to_owned(), Usage::NotDriven)];
    assert_eq!(usages(&answers), expected);
}

#[test]
fn a_part_of_a_divided_gpu_is_known_by_its_bus_and_has_its_own_memory() {
    let mut answers = two();
    let mut part = visible("MIG-33333333-3333-3333-3333-333333333333", "0000:17:00.0");
    part.memory = 20 << 30;
    answers.driver = Driver::Ready { api: 13_000, visible: vec![part] };
    let machine = answers.machine.as_mut().unwrap();
    machine.gpus[0].mig = Some(true);
    let driven = judge(&answers).unwrap().gpus.remove(0);
    assert_eq!((driven.id.as_str(), driven.usage), ("cuda:0", Usage::Driven));
    assert_eq!(driven.installed.memory.unwrap().total, 20 << 30);
}

#[test]
fn no_driver_names_the_file_and_the_package() {
    let mut answers = two();
    answers.driver = Driver::Absent("no such file".to_owned());
    answers.machine = Err("none".to_owned());
    let error = refusal(&answers);
    assert_eq!(error.message(), "no NVIDIA driver is installed");
    for part in ["libcuda.so.1", "libcuda1", "libnvidia-compute-580", "no such file"] {
        assert!(error.report().contains(part), "{}", error.report());
    }
}

#[test]
fn a_gpu_without_the_drivers_library_is_told_apart() {
    let mut answers = two();
    answers.driver = Driver::Absent("no such file".to_owned());
    assert!(refusal(&answers).message().starts_with("the machine has an NVIDIA GPU"));
}

#[test]
fn a_driver_too_old_tells_both_versions_twice() {
    let mut answers = two();
    answers.driver = Driver::Ready { api: 12_040, visible: Vec::new() };
    answers.machine.as_mut().unwrap().driver = Some("550.163.01".to_owned());
    let error = refusal(&answers);
    assert!(error.message().contains("CUDA 12.4") && error.message().contains("CUDA 13.0"));
    assert!(error.report().contains("550.163.01") && error.report().contains("580"));
}

#[test]
fn hidden_gpus_are_told_from_none() {
    let mut answers = two();
    answers.driver = Driver::Refused { call: "cuInit", code: 100 };
    answers.visible_devices = Some(String::new());
    let error = refusal(&answers);
    assert_eq!(error.message(), "the machine's NVIDIA GPUs are hidden from this process");
    assert!(error.report().contains("CUDA_VISIBLE_DEVICES=") && error.report().contains("2 GPUs"));
    answers.machine = Err("none".to_owned());
    assert_eq!(refusal(&answers).message(), "there is an NVIDIA driver, but no GPU");
    answers.driver = Driver::Ready { api: 13_000, visible: Vec::new() };
    assert_eq!(refusal(&answers).message(), "there is an NVIDIA driver, but no GPU");
}

#[test]
fn other_refusals_keep_their_code() {
    let mut answers = two();
    answers.driver = Driver::Refused { call: "cuInit", code: 803 };
    assert!(refusal(&answers).message().contains("different versions"));
    answers.driver = Driver::Refused { call: "cuInit", code: 802 };
    assert!(refusal(&answers).report().contains("cuInit returned 802"));
    answers.driver = Driver::Broken("cuInit");
    assert!(refusal(&answers).report().contains("lacks the function cuInit"));
}

#[test]
fn everything_missing_is_named_at_once_with_its_packages() {
    let mut answers = two();
    answers.missing = vec![CUBLAS, CUDNN];
    answers.headers = Some(CCCL_HEADERS);
    let report = refusal(&answers).report();
    for part in ["libcublas.so.13 (pip: nvidia-cublas,", "nvidia-cudnn-cu13", "cuda-cccl-13-0"] {
        assert!(report.contains(part), "{report}");
    }
}

#[test]
fn a_gpu_too_old_for_the_compiler_is_refused_by_name() {
    let mut answers = two();
    let mut old = visible(FIRST, "0000:17:00.0");
    (old.name, old.capability) = ("Tesla V100".to_owned(), (7, 0));
    answers.driver = Driver::Ready { api: 13_000, visible: vec![old] };
    let error = refusal(&answers);
    assert!(error.message().contains("Tesla V100") && error.message().contains("7.0"), "{error}");
}
