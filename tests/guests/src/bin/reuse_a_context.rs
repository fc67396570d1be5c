//! A hundred runs of one context, each with its own answer.

use godwit_test_guests::component::{context, good, only, run, tensor, values};

fn main() {
    let context = context("add");
    for i in 0..100u8 {
        let i = f32::from(i);
        let outputs =
            run(&context, [("a", tensor(&[2], &[i, 1.0])), ("b", tensor(&[2], &[1.0, -i]))]);
        assert_eq!(values(&only(good(outputs), "sum")), [i + 1.0, 1.0 - i]);
    }
}
