//! Handles and positions that were never given out.

use super::{
    SUCCESS, all, context, raw, read, refused, set, set_floats, succeeded, tensor, written,
};
use crate::{Case, Given};

pub(super) const CASES: &[Case] = &[
    ("graph-never-given", graph_never_given),
    ("context-never-given", context_never_given),
    ("input-out-of-range", input_out_of_range),
    ("output-out-of-range", output_out_of_range),
];

const NEVER: [i32; 4] = [1000, -1, i32::MAX, i32::MIN];

fn graph_never_given(_: Given<'_>) -> String {
    all(NEVER.map(|handle| {
        let outcome = written(|out| raw::init_execution_context(handle, out));
        refused("a graph never given", outcome.err().unwrap_or(SUCCESS))
    }))
}

fn context_never_given(_: Given<'_>) -> String {
    let data = [0; 4];
    let x = tensor(&[1], 1, &data);
    all(NEVER.iter().flat_map(|&handle| {
        let output = read(handle, 0, &mut [0; 8]).err().unwrap_or(SUCCESS);
        [set(handle, 0, &x), raw::compute(handle), output]
            .map(|number| refused("a context never given", number))
    }))
}

fn input_out_of_range(_: Given<'_>) -> String {
    let context = context("scale");
    let data = [0; 4];
    let x = tensor(&[1], 1, &data);
    all([1, 1000, -1, i32::MIN]
        .map(|index| refused("an input never declared", set(context, index, &x))))
}

fn output_out_of_range(_: Given<'_>) -> String {
    let context = context("scale");
    set_floats(context, 0, &[1.0]);
    succeeded("compute", raw::compute(context));
    all([1, 1000, -1, i32::MIN].map(|index| {
        let outcome = read(context, index, &mut [0; 8]);
        refused("an output never declared", outcome.err().unwrap_or(SUCCESS))
    }))
}
