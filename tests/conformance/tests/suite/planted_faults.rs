//! The suite finds what is wrong: each fault below, planted in a fake, fails the case it is for.

use std::sync::Arc;

use godwit_backend::{DeviceKind, ErrorKind};
use godwit_conformance::planted::{Hungry, fault_of};
use godwit_conformance::{Held, Subject, cases, check};
use godwit_fake::{FakeDevice, WrongAnswer};

use crate::subjects::{cpu, scripted};

fn device() -> FakeDevice {
    FakeDevice::new(DeviceKind::Gpu)
}

/// That `case` passes on a faultless fake, and fails on `faulty` for the reason given.
macro_rules! found {
    ($name:ident, $case:path, $faulty:expr, $reason:literal) => {
        #[test]
        fn $name() {
            check(|| scripted(device()), $case);
            let faulty: fn() -> FakeDevice = || $faulty;
            let reason = fault_of(move || scripted(faulty()), $case);
            assert!(reason.contains($reason), "found for another reason: {reason}");
        }
    };
}

/// `subject`, whose library takes 16 MB of the C library's memory for each load and never frees them.
fn leaking(subject: Subject) -> Subject {
    subject.wrap(|backend| Arc::new(Hungry::leaking(backend, 16 << 20)))
}

found!(
    one_element_that_is_a_little_off,
    cases::numbers::numbers_are_those_of_the_references,
    device().wrong(WrongAnswer::Perturb { output: 0, index: 0, by: 1e-2 }),
    "element 0"
);
found!(
    a_nan,
    cases::numbers::numbers_are_those_of_the_references,
    device().wrong(WrongAnswer::Nan { output: 0, index: 0 }),
    "element 0"
);
found!(
    elements_one_place_on,
    cases::dims::one_graph_takes_batches_of_any_size,
    device().wrong(WrongAnswer::OffByOne { output: 0 }),
    "batch 1"
);
found!(
    swapped_outputs,
    cases::ports::outputs_stand_in_the_models_order,
    device().wrong(WrongAnswer::Swap { first: 0, second: 1 }),
    "left"
);
found!(
    the_last_bit_of_a_value,
    cases::dtypes::every_listed_dtype_survives_a_round_trip,
    device().wrong(WrongAnswer::Perturb { output: 0, index: 0, by: 1e-38 }),
    "f32"
);
found!(
    a_context_that_does_not_recover,
    cases::recovery::a_context_works_after_errors,
    device().fail_runs_from(2, ErrorKind::Failed),
    "a good run failed"
);
found!(
    a_device_lost_under_load,
    cases::concurrency::contexts_do_not_see_each_others_data,
    device().lose_at_run(7),
    "panicked"
);
found!(
    one_answer_in_many_that_is_wrong,
    cases::concurrency::contexts_do_not_see_each_others_data,
    device().wrong_at_run(11, WrongAnswer::OffByOne { output: 1 }),
    "panicked"
);

#[test]
fn a_leak_in_a_library() {
    for subject in [|| scripted(device()), cpu] {
        let case = cases::footprint::loading_again_and_again_does_not_pile_up_memory;
        let reason = fault_of(move || leaking(subject()), case);
        assert!(reason.contains("resident bytes are left"), "found for another reason: {reason}");
    }
}

#[test]
fn memory_that_the_last_handle_leaves_in_a_library() {
    let case = cases::footprint::device_memory_is_given_back_with_the_last_handle;
    let reason = fault_of(|| leaking(cpu()), case);
    assert!(reason.contains("never: the system has back"), "found for another reason: {reason}");
    let pooled = || leaking(Subject { held: Held::Pooled, ..cpu() });
    let reason = fault_of(pooled, case);
    assert!(reason.contains("bytes behind"), "found for another reason: {reason}");
}

#[test]
fn memory_that_dropped_loads_leave_in_a_library() {
    let case = cases::cancellation::a_dropped_load_leaves_nothing_behind;
    let reason = fault_of(|| leaking(cpu()), case);
    assert!(reason.contains("never: one graph is held"), "found for another reason: {reason}");
}

#[test]
fn a_model_that_takes_gigabytes_in_a_library() {
    let greedy = || scripted(device()).wrap(|backend| Arc::new(Hungry::greedy(backend, 5 << 28)));
    let reason = fault_of(greedy, cases::hostile::hostile_models_do_no_harm);
    assert!(reason.contains("resident bytes"), "found for another reason: {reason}");
}
