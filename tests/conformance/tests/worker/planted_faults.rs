//! The suite sees what a library does in a worker process: each fault there fails the case it is for.

use godwit_conformance::{cases, planted::fault_of};

use crate::served::{GREEDY, LEAKING, faulty};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("a_leak_in_a_worker", a_leak_in_a_worker),
    ("a_model_that_takes_gigabytes_in_a_worker", a_model_that_takes_gigabytes_in_a_worker),
];

fn a_leak_in_a_worker() {
    let case = cases::footprint::loading_again_and_again_does_not_pile_up_memory;
    let reason = fault_of(|| faulty(LEAKING), case);
    assert!(reason.contains("resident bytes are left"), "found for another reason: {reason}");
}

fn a_model_that_takes_gigabytes_in_a_worker() {
    let reason = fault_of(|| faulty(GREEDY), cases::hostile::hostile_models_do_no_harm);
    assert!(reason.contains("resident bytes"), "found for another reason: {reason}");
}
