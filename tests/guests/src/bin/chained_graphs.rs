//! The output of one graph is the input of the next, without its bytes passing through the guest.

use godwit_test_guests::component::{context, good, only, run, tensor, values};

fn main() {
    let (add, scale) = (context("add"), context("scale"));
    let inputs = [("a", tensor(&[2], &[1.0, 2.0])), ("b", tensor(&[2], &[10.0, 20.0]))];
    let sum = only(good(run(&add, inputs)), "sum");
    let tripled = only(good(run(&scale, [("x", sum)])), "y");
    let again = only(good(run(&scale, [("x", tripled)])), "y");
    assert_eq!(values(&again), [99.0, 198.0]);
}
