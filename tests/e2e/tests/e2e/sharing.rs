//! What guests share, and what becomes of a guest that is dropped.

use std::time::Duration;

use godwit_fake::Act;

use crate::stage::{HOST, On, Settings, Stage, block_on, eventually, load};

#[test]
fn guests_side_by_side_share_one_graph() {
    let stage = Stage::new(On::Fake, Settings::default());
    block_on(async {
        let (a, b, c) = tokio::join!(
            stage.run_beside(&HOST, "by_name"),
            stage.run_beside(&HOST, "by_name"),
            stage.run_beside(&HOST, "witx_by_name"),
        );
        for ended in [a, b, c] {
            ended.assert_well();
        }
    });
    let log = stage.fake.log();
    let count = |act| log.iter().filter(|call| call.act == act).count();
    assert_eq!(count(Act::Load), 1);
    // Each component runs once, the module three times.
    assert_eq!(count(Act::Run), 5);

    let report = stage.ledger.report();
    let [row] = report.rows.as_slice() else { panic!("{report:?}") };
    assert_eq!((&*row.model, row.loads, row.runs, row.errors), ("digits", 3, 5, 0));
}

#[test]
fn the_same_bytes_from_two_guests_are_one_graph() {
    let stage = Stage::new(On::Fake, Settings::default());
    stage.run("by_bytes").assert_well();
    stage.run("witx_by_bytes").assert_well();
    stage.run("by_name").assert_well();
    assert_eq!(stage.fake.log().iter().filter(|call| call.act == Act::Load).count(), 1);
    stage.assert_settled();
}

#[test]
fn a_guest_dropped_in_the_middle_of_a_run_leaves_nothing() {
    for guest in ["slow_inference", "witx_slow_inference"] {
        let stage = Stage::new(On::Fake, Settings::default());
        let device = stage.fake.device("fake:0").unwrap();
        block_on(async {
            let (invocation, _) = stage.invocation(guest);
            let program = load(guest);
            let run = tokio::spawn(async move { program.run(invocation).await });
            eventually("the run begins", || device.running() == 1);
            assert!(stage.memory.budget().used() > 0);
            run.abort();
            assert!(run.await.unwrap_err().is_cancelled());
        });
        stage.assert_settled();
        assert!(stage.fake.log().iter().any(|call| call.act == Act::Run && call.is_cancelled()));
        stage.run("by_name").assert_well();
    }
}

#[test]
fn a_guest_that_times_out_in_the_middle_of_a_run_leaves_nothing() {
    let settings = || Settings::default().timeout(Duration::from_millis(1500));
    for on in [On::Cpu, On::Fake] {
        let mut stage = Stage::new(on, settings());
        stage.run("slow_inference").assert_timed_out();
        stage.assert_settled();
        stage.settings.limits.timeout = None;
        stage.run("by_name").assert_well();
        stage.assert_settled();
    }
}

/// The bytes of a tensor are copied once on their way in, and what comes out of the fake is the same
/// memory. The second guest finds the memory of the first.
#[test]
fn a_tensor_is_copied_once_and_its_memory_is_used_again() {
    const BYTES: u64 = 3 << 20;
    let stage = Stage::new(On::Fake, Settings::default());
    for (guest, reused) in [("one_large_echo", 0), ("one_large_echo", 1)] {
        stage.run(guest).assert_well();
        stage.assert_settled();
        assert_eq!(stage.memory.budget().peak(), BYTES);
        let stats = stage.memory.arena().stats();
        assert_eq!((stats.allocated, stats.reused), (1, reused));
    }
}

/// The CPU's library has memory of its own: an input and an output at one time, and no third copy.
#[test]
fn the_cpu_holds_an_input_and_an_output() {
    let stage = Stage::new(On::Cpu, Settings::default());
    stage.run("one_large_echo").assert_well();
    stage.assert_settled();
    assert_eq!(stage.memory.budget().peak(), 6 << 20);
}
