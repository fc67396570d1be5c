//! Inputs are told apart by name, in whatever order they are given; outputs come in the model's order.

use godwit_test_guests::component::{context, good, integers, only, run, tensor, values};

fn main() {
    let mixed = context("mixed");
    let ids = || integers(&[3], &[1, 2, 15]);
    let mask = || tensor(&[3], &[1.0, 10.0, 0.5]);
    for outputs in [
        run(&mixed, [("ids", ids()), ("mask", mask())]),
        run(&mixed, [("mask", mask()), ("ids", ids())]),
    ] {
        assert_eq!(values(&only(good(outputs), "y")), [1.0, 40.0, 112.5]);
    }

    let x = tensor(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let outputs = good(run(&context("split"), [("x", x)]));
    let names: Vec<&str> = outputs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["doubled", "total"]);
    assert_eq!(outputs[0].1.dimensions(), [2, 3]);
    assert_eq!(values(&outputs[0].1), [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]);
    assert_eq!(outputs[1].1.dimensions(), [2]);
    assert_eq!(values(&outputs[1].1), [6.0, 15.0]);
}
