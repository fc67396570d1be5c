//! Hosts with fewer instances than guests, and programs that no host takes.

use std::time::Duration;

use godwit_backend::ErrorKind;
use godwit_host::{Exit, Host, HostOptions};

use crate::stage::{HOST, On, Settings, Stage, block_on, eventually, options, read_program};

#[test]
fn a_guest_too_many_is_refused_and_served_later() {
    // A core module is one instance.
    let host = Host::new(&HostOptions { instances: 1, ..options() }).unwrap();
    let stage = Stage::new(On::Fake, Settings::default());
    let device = stage.fake.device("fake:0").unwrap();
    let slow = host.load(&read_program("witx_slow_inference")).unwrap();
    let good = host.load(&read_program("witx_by_name")).unwrap();
    block_on(async {
        let (invocation, _) = stage.invocation("witx_slow_inference");
        let first = tokio::spawn(async move { slow.run(invocation).await });
        eventually("the first guest's run begins", || device.running() == 1);

        let (invocation, _) = stage.invocation("witx_by_name");
        let error = good.run(invocation).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.report());

        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        let (invocation, _) = stage.invocation("witx_by_name");
        assert_eq!(good.run(invocation).await.unwrap(), Exit::Code(0));
    });
}

#[test]
fn a_guest_that_spins_leaves_its_thread_to_others() {
    let settings = Settings::default().timeout(Duration::from_secs(20));
    let stage = Stage::new(On::Fake, settings);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::select! {
            ended = stage.run_beside(&HOST, "endless_loop") => panic!("{ended}"),
            ended = stage.run_beside(&HOST, "by_name") => ended.assert_well(),
        }
    });
    stage.assert_settled();
}

#[test]
fn a_time_slice_of_any_length_lets_a_deadline_pass() {
    let settings = Settings::default().timeout(Duration::from_millis(200));
    for time_slice in [Duration::ZERO, Duration::from_millis(50)] {
        let host = Host::new(&HostOptions { time_slice, ..options() }).unwrap();
        let stage = Stage::new(On::Fake, settings.clone());
        block_on(stage.run_beside(&host, "endless_loop")).assert_timed_out();
        stage.assert_settled();
    }
}

#[test]
fn a_module_without_memory_gets_the_code_for_it() {
    let module = r#"(module
        (import "wasi_ephemeral_nn" "load_by_name" (func $by_name (param i32 i32 i32) (result i32)))
        (import "wasi_ephemeral_nn" "get_output"
            (func $output (param i32 i32 i32 i32 i32) (result i32)))
        (func (export "_start")
            (if (i32.ne (call $by_name (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 3))
                (then unreachable))
            (if (i32.ne
                    (call $output (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
                    (i32.const 1))
                (then unreachable))))"#;
    let stage = Stage::new(On::Fake, Settings::default());
    let program = HOST.load(&wat::parse_str(module).unwrap()).unwrap();
    let (invocation, _) = stage.invocation("none");
    assert_eq!(block_on(program.run(invocation)).unwrap(), Exit::Code(0));
}

#[test]
fn programs_that_cannot_run_are_refused_when_loaded() {
    let refuse = |bytes: &[u8], part: &str| {
        let error = HOST.load(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{}", error.report());
        assert!(error.report().contains(part), "{}", error.report());
    };
    let wat = |text: &str| wat::parse_str(text).unwrap();
    refuse(b"", "");
    refuse(b"#!/bin/sh", "");
    refuse(b"\0asm\x01\0\0", "");
    refuse(&read_program("by_name")[..5000], "");
    refuse(&wat("(module)"), "_start");
    refuse(&wat("(component)"), "wasi:cli/run");
    let stranger = r#"(module (import "env" "launch" (func)) (func (export "_start")))"#;
    refuse(&wat(stranger), "launch");
    let other = r#"(component (import "acme:rockets/pad@1.0.0" (instance
        (export "launch" (func)))))"#;
    refuse(&wat(other), "acme:rockets/pad@1.0.0");
    let wrong_type =
        r#"(module (import "wasi_ephemeral_nn" "compute" (func)) (func (export "_start")))"#;
    refuse(&wat(wrong_type), "");
}
