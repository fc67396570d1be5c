//! Tensors that do not fit the model's signature are refused with what it takes.

use godwit_test_guests::component::{
    ErrorCode, context, integers, refused, run, still_works, tensor,
};

fn main() {
    let echo = context("echo_f32");
    let message = |outcome| refused(outcome, ErrorCode::InvalidArgument);
    let dtype = message(run(&echo, [("x", integers(&[1, 3], &[1, 2, 3]))]));
    assert!(dtype.contains("x: f32[") && dtype.contains("i64[1, 3]"), "{dtype}");
    let rank = message(run(&echo, [("x", tensor(&[3], &[1.0; 3]))]));
    assert!(rank.contains("f32[3]"), "{rank}");
    message(run(&echo, [("x", tensor(&[1, 4], &[1.0; 4]))]));
    message(run(&echo, [("x", tensor(&[1, 3, 1], &[1.0; 3]))]));

    // One symbol has one size.
    let inputs = [("a", tensor(&[2], &[1.0; 2])), ("b", tensor(&[3], &[1.0; 3]))];
    message(run(&context("add"), inputs));
    still_works();
}
