//! Inputs that are unknown, missing or given twice are refused by name.

use godwit_test_guests::component::{ErrorCode, context, refused, run, still_works, tensor};

fn main() {
    let context = context("add");
    let one = || tensor(&[1], &[1.0]);
    let message = |outcome| refused(outcome, ErrorCode::InvalidArgument);

    let unknown = message(run(&context, [("a", one()), ("c", one())]));
    assert!(unknown.contains("'c'") && unknown.contains("known inputs: a, b"), "{unknown}");
    let twice = message(run(&context, [("a", one()), ("a", one())]));
    assert!(twice.contains("'a' is given twice"), "{twice}");
    let by_position_too = message(run(&context, [("a", one()), ("0", one()), ("b", one())]));
    assert!(by_position_too.contains("given twice"), "{by_position_too}");
    let missing = message(run(&context, [("a", one())]));
    assert!(missing.contains("'b' is missing"), "{missing}");
    message(run(&context, []));
    message(run(&context, [("", one()), ("b", one())]));
    message(run(&context, [("2", one()), ("b", one())]));
    message(run(&context, [("-1", one()), ("b", one())]));
    message(run(&context, [("a\0", one()), ("b", one())]));
    still_works();
}
