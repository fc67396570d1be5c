//! Devices that are driven by processes of their own.

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
