//! Inputs stay set from one run to the next, and one alone can be changed.

use godwit_test_guests::module::{
    F32, INVALID_ARGUMENT, SUCCESS, address, compute, context, read, set_input, tensor,
};
use godwit_test_guests::{bytes, floats};

fn main() {
    let context = context("add");
    let set = |index, values: [f32; 2]| {
        let data = bytes(&values);
        assert_eq!(set_input(context, index, address(&tensor(&[2], F32, &data))), SUCCESS);
    };
    let sum = || {
        assert_eq!(compute(context), SUCCESS);
        let mut sum = [0; 8];
        assert_eq!(read(context, 0, &mut sum), Ok(8));
        floats(&sum)
    };
    set(1, [10.0, 20.0]);
    assert_eq!(compute(context), INVALID_ARGUMENT, "input 0 is not set");
    set(0, [1.0, 2.0]);
    assert_eq!(sum(), [11.0, 22.0]);
    assert_eq!(sum(), [11.0, 22.0]);
    set(0, [5.0, 5.0]);
    assert_eq!(sum(), [15.0, 25.0]);
}
