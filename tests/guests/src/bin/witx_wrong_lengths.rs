//! Data that does not have the length its dimensions say is refused, and so are absurd dimensions.

use godwit_test_guests::module::{
    F32, INVALID_ARGUMENT, SUCCESS, TOO_LARGE, address, compute, context, set_input, still_works,
    tensor,
};

fn main() {
    let context = context("echo_f32");
    let set = |dims: &[u32], data: &[u8]| set_input(context, 0, address(&tensor(dims, F32, data)));
    for len in [0, 1, 11, 13, 24, 1 << 20] {
        assert_eq!(set(&[1, 3], &vec![0; len]), INVALID_ARGUMENT, "{len}");
    }
    for dims in [&[u32::MAX; 4][..], &[1 << 16; 4], &[u32::MAX, u32::MAX, u32::MAX, 0]] {
        assert_eq!(set(dims, &[]), TOO_LARGE, "{dims:?}");
        assert_eq!(set(dims, &[0; 16]), TOO_LARGE, "{dims:?}");
    }
    assert_eq!(set(&[1; 100_000], &[0; 4]), INVALID_ARGUMENT);
    assert_eq!(compute(context), INVALID_ARGUMENT, "nothing was set");

    // Right by itself, wrong for the model: the run finds out.
    assert_eq!(set(&[1, 4], &[0; 16]), SUCCESS);
    assert_eq!(compute(context), INVALID_ARGUMENT);
    assert_eq!(set(&[3], &[0; 12]), SUCCESS);
    assert_eq!(compute(context), INVALID_ARGUMENT);
    assert_eq!(set(&[1, 3], &[0; 12]), SUCCESS);
    assert_eq!(compute(context), SUCCESS);
    still_works();
}
