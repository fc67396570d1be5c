//! "0", "1", ... stand in for names, as guests written for other hosts have it.

use godwit_test_guests::component::{context, good, integers, only, run, tensor, values};

fn main() {
    let context = context("mixed");
    let ids = || integers(&[2], &[3, 4]);
    let mask = || tensor(&[2], &[1.0, 2.0]);
    for outputs in [
        run(&context, [("0", ids()), ("1", mask())]),
        run(&context, [("1", mask()), ("0", ids())]),
        run(&context, [("1", mask()), ("ids", ids())]),
    ] {
        assert_eq!(values(&only(good(outputs), "y")), [9.0, 32.0]);
    }
}
