//! There is no output before the first run, nor after one that failed.

use godwit_test_guests::module::{
    INVALID_ARGUMENT, RUNTIME_ERROR, SUCCESS, address, compute, context, read, set_input,
    still_works, tensor,
};

fn main() {
    let context = context("echo_u8");
    assert_eq!(read(context, 0, &mut [0; 8]), Err(RUNTIME_ERROR));
    assert_eq!(compute(context), INVALID_ARGUMENT);
    assert_eq!(read(context, 0, &mut [0; 8]), Err(RUNTIME_ERROR));

    assert_eq!(set_input(context, 0, address(&tensor(&[1, 3], 3, &[1, 2, 3]))), SUCCESS);
    assert_eq!(compute(context), SUCCESS);
    assert_eq!(read(context, 0, &mut [0; 8]), Ok(3));

    assert_eq!(set_input(context, 0, address(&tensor(&[3], 3, &[1, 2, 3]))), SUCCESS);
    assert_eq!(compute(context), INVALID_ARGUMENT);
    assert_eq!(read(context, 0, &mut [0; 8]), Err(RUNTIME_ERROR), "the answer to another question");
    still_works();
}
