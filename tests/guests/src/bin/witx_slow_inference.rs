//! A run that takes too long is stopped, and the module goes on. The deadline for a run is short.

use godwit_test_guests::module::{
    F32, RUNTIME_ERROR, SUCCESS, address, compute, context, set_input, still_works, tensor,
};

fn main() {
    let context = context("slow");
    let data = vec![0; 8192 * 128 * 4];
    assert_eq!(set_input(context, 0, address(&tensor(&[8192, 128], F32, &data))), SUCCESS);
    for _ in 0..2 {
        assert_eq!(compute(context), RUNTIME_ERROR);
        still_works();
    }
}
