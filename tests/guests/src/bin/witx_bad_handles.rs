//! Handles and positions that were never given out.

use godwit_test_guests::module::{
    F32, INVALID_ARGUMENT, SUCCESS, address, compute, context, handle, init_execution_context,
    read, set_input, still_works, tensor,
};

fn main() {
    let bad = [1, 2, 1000, -1, i32::MAX, i32::MIN];
    assert_eq!(handle(|out| init_execution_context(0, out)), Err(INVALID_ARGUMENT));
    assert_eq!(compute(0), INVALID_ARGUMENT);

    let only = context("echo_u8");
    let data = [1, 2, 3];
    let x = tensor(&[1, 3], 3, &data);
    for handle_ in bad {
        let outcome = handle(|out| init_execution_context(handle_, out));
        assert_eq!(outcome, Err(INVALID_ARGUMENT), "graph {handle_}");
        assert_eq!(set_input(handle_, 0, address(&x)), INVALID_ARGUMENT, "context {handle_}");
        assert_eq!(compute(handle_), INVALID_ARGUMENT, "context {handle_}");
        assert_eq!(read(handle_, 0, &mut [0; 8]), Err(INVALID_ARGUMENT), "context {handle_}");
        assert_eq!(set_input(only, handle_, address(&x)), INVALID_ARGUMENT, "input {handle_}");
    }
    assert_eq!(set_input(only, 0, address(&x)), SUCCESS);
    assert_eq!(compute(only), SUCCESS);
    for index in bad {
        assert_eq!(read(only, index, &mut [0; 8]), Err(INVALID_ARGUMENT), "output {index}");
    }

    // A wrong dtype is the run's business.
    assert_eq!(set_input(only, 0, address(&tensor(&[0, 3], F32, &[]))), SUCCESS);
    assert_eq!(compute(only), INVALID_ARGUMENT);
    still_works();
}
