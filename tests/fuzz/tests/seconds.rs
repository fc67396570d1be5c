//! Each target for two seconds, from its corpus on: that it still works, and that nothing that was found comes back.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in a test is a failed test")]

use std::time::Duration;

use godwit_fuzz::Session;

fn seconds(name: &str) {
    let mut session = Session::open(name, 7).unwrap();
    let count =
        session.run(Duration::from_secs(2), None, 0).unwrap_or_else(|error| panic!("{error:#}"));
    assert!(count.calls > 0 && count.inputs > 0, "{count:?}");
}

macro_rules! targets {
    ($($test:ident: $name:literal;)*) => {
        $(#[test]
        fn $test() {
            seconds($name);
        })*

        #[test]
        fn every_target_is_run() {
            let names = godwit_fuzz::TARGETS.map(|(name, _)| name);
            assert_eq!(names, [$($name),*]);
        }
    };
}

targets! {
    witx_fake: "witx-fake";
    witx_cpu: "witx-cpu";
    component_fake: "component-fake";
    component_cpu: "component-cpu";
    onnx: "onnx";
    openvino: "openvino";
    config: "config";
}

#[test]
fn an_input_follows_from_its_seed_and_number() {
    let session = |seed| Session::open("config", seed).unwrap();
    assert_eq!(session(1).input(1000), session(1).input(1000));
    assert_ne!(session(1).input(1000), session(2).input(1000));
    assert_ne!(session(1).input(1000), session(1).input(1001));
}
