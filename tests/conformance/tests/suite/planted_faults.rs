//! The suite finds what is wrong: each fault below, planted in a fake, fails the case it is for.

use std::panic::{AssertUnwindSafe, catch_unwind};

use godwit_backend::{DeviceKind, ErrorKind};
use godwit_conformance::{Subject, cases, check};
use godwit_fake::{FakeDevice, WrongAnswer};

use crate::subjects::scripted;

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
            let subject = move || -> Subject { scripted(faulty()) };
            let panic = catch_unwind(AssertUnwindSafe(|| check(subject, $case)));
            let panic = panic.expect_err("the suite is blind to it");
            let formatted = panic.downcast_ref::<String>().map(String::as_str);
            let reason = formatted.or(panic.downcast_ref::<&str>().copied()).unwrap();
            assert!(reason.contains($reason), "found for another reason: {reason}");
        }
    };
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
