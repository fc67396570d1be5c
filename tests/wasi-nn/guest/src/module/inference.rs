//! Runs that a host has to get right, or refuse.

use super::{
    F32, SUCCESS, TYPES, all, context, good, raw, read, read_floats, refused, set, set_floats,
    succeeded, tensor, tripled,
};
use crate::{Case, Given, assert_near, digit, ok, six};

pub(super) const CASES: &[Case] = &[
    ("network", network),
    ("echo", echo),
    ("inputs-stay-set", inputs_stay_set),
    ("two-types", two_types),
    ("two-outputs", two_outputs),
    ("context-again", context_again),
    ("contexts-beside", contexts_beside),
    ("output-again", output_again),
    ("output-too-small", output_too_small),
    ("output-before-compute", output_before_compute),
    ("input-missing", input_missing),
    ("input-of-wrong-length", wrong_length),
    ("input-of-absurd-dimensions", absurd_dimensions),
    ("input-of-another-type", another_type),
    ("input-of-type-out-of-range", type_out_of_range),
    ("run-that-fails", run_that_fails),
];

fn network(_: Given<'_>) -> String {
    let context = context("digits");
    let data = crate::bytes(&digit::image());
    succeeded("set_input", set(context, 0, &tensor(&digit::DIMS, F32, &data)));
    succeeded("compute", raw::compute(context));
    assert_near(&read_floats(context, 10), &digit::LOGITS, 0.12);
    ok()
}

fn echo(given: Given<'_>) -> String {
    let name = given.which();
    let (_, ty) = TYPES.into_iter().find(|(known, _)| *known == name).expect("a tensor type");
    let data = six(name);
    let context = context(&format!("echo_{name}"));
    succeeded("set_input", set(context, 0, &tensor(&[2, 3], ty, &data)));
    succeeded("compute", raw::compute(context));
    let mut back = vec![0; data.len() + 8];
    let len = good("get_output", read(context, 0, &mut back));
    assert_eq!(back[..len], data);
    ok()
}

fn inputs_stay_set(_: Given<'_>) -> String {
    let context = context("add");
    let sum = || {
        succeeded("compute", raw::compute(context));
        read_floats(context, 2)
    };
    set_floats(context, 1, &[10.0, 20.0]);
    set_floats(context, 0, &[1.0, 2.0]);
    assert_eq!(sum(), [11.0, 22.0]);
    assert_eq!(sum(), [11.0, 22.0]);
    set_floats(context, 0, &[5.0, 5.0]);
    assert_eq!(sum(), [15.0, 25.0]);
    ok()
}

fn two_types(_: Given<'_>) -> String {
    let context = context("mixed");
    let ids: Vec<u8> = [2i64, 3].iter().flat_map(|id| id.to_le_bytes()).collect();
    succeeded("set_input", set(context, 0, &tensor(&[2], 5, &ids)));
    set_floats(context, 1, &[1.0, 2.0]);
    succeeded("compute", raw::compute(context));
    assert_eq!(read_floats(context, 2), [4.0, 18.0]);
    ok()
}

fn two_outputs(_: Given<'_>) -> String {
    let context = context("split");
    let data = crate::bytes(&[1.0, 2.0, 3.0]);
    succeeded("set_input", set(context, 0, &tensor(&[1, 3], F32, &data)));
    succeeded("compute", raw::compute(context));
    let (mut doubled, mut total) = ([0; 12], [0; 4]);
    assert_eq!(good("get_output", read(context, 0, &mut doubled)), 12);
    assert_eq!(good("get_output", read(context, 1, &mut total)), 4);
    assert_eq!(crate::floats(&doubled), [2.0, 4.0, 6.0]);
    assert_eq!(crate::floats(&total), [6.0]);
    ok()
}

fn context_again(_: Given<'_>) -> String {
    let context = context("scale");
    for n in 0..200u16 {
        assert_eq!(tripled(context, n.into()), f32::from(n) * 3.0);
    }
    ok()
}

fn contexts_beside(_: Given<'_>) -> String {
    let (one, other) = (context("scale"), context("scale"));
    set_floats(one, 0, &[1.0]);
    set_floats(other, 0, &[2.0]);
    succeeded("compute", raw::compute(one));
    succeeded("compute", raw::compute(other));
    assert_eq!(read_floats(one, 1), [3.0]);
    assert_eq!(read_floats(other, 1), [6.0]);
    ok()
}

fn output_again(_: Given<'_>) -> String {
    let context = context("scale");
    assert_eq!(tripled(context, 1.0), 3.0);
    assert_eq!(read_floats(context, 1), [3.0]);
    ok()
}

fn output_too_small(_: Given<'_>) -> String {
    let context = context("scale");
    set_floats(context, 0, &[1.0, 2.0]);
    succeeded("compute", raw::compute(context));
    let line = all([0, 1, 7].map(|size| {
        let mut small = [7u8; 16];
        let outcome = read(context, 0, &mut small[..size]);
        assert!(small[size..].iter().all(|&byte| byte == 7), "written beyond the buffer");
        refused("a buffer that is too small", outcome.err().unwrap_or(SUCCESS))
    }));
    assert_eq!(read_floats(context, 2), [3.0, 6.0]);
    line
}

fn output_before_compute(_: Given<'_>) -> String {
    let context = context("digits");
    let outcome = read(context, 0, &mut [0; 64]);
    refused("an output before any run", outcome.err().unwrap_or(SUCCESS))
}

fn input_missing(_: Given<'_>) -> String {
    let context = context("add");
    set_floats(context, 1, &[1.0]);
    refused("a run with one of two inputs", raw::compute(context))
}

/// Twelve bytes are said, and another number is given.
fn wrong_length(given: Given<'_>) -> String {
    let context = context("echo_f32");
    let data = vec![0; given.which().parse().expect("a number of bytes")];
    match set(context, 0, &tensor(&[1, 3], F32, &data)) {
        SUCCESS => refused("a tensor of a wrong length", raw::compute(context)),
        number => refused("a tensor of a wrong length", number),
    }
}

fn absurd_dimensions(_: Given<'_>) -> String {
    let context = context("echo_f32");
    match set(context, 0, &tensor(&[u32::MAX; 4], F32, &[0; 4])) {
        SUCCESS => refused("a tensor of absurd dimensions", raw::compute(context)),
        number => refused("a tensor of absurd dimensions", number),
    }
}

fn another_type(_: Given<'_>) -> String {
    let context = context("echo_f32");
    match set(context, 0, &tensor(&[1, 3], 4, &[0; 12])) {
        SUCCESS => refused("i32 for f32", raw::compute(context)),
        number => refused("i32 for f32", number),
    }
}

fn type_out_of_range(_: Given<'_>) -> String {
    let context = context("echo_u8");
    all([6, 99, 255].map(|number| {
        refused("a type that is none", set(context, 0, &tensor(&[1, 3], number, &[0; 3])))
    }))
}

fn run_that_fails(_: Given<'_>) -> String {
    let context = context("two_rows");
    set_floats(context, 0, &[0.0; 5]);
    let line = refused("five values for two rows", raw::compute(context));
    set_floats(context, 0, &[1.0; 6]);
    succeeded("compute", raw::compute(context));
    assert_eq!(read_floats(context, 6), [1.0; 6]);
    line
}
