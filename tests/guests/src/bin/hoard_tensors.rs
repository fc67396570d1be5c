//! A guest that holds tensors until its budget of 16 MiB is spent is told so, and can go on when it has
//! let go of them.

use godwit_test_guests::component::{
    ErrorCode, context, good, only, refused, run, still_works, tensor,
};

fn main() {
    let context = context("echo_f32");
    let rows = 80_000;
    let megabyte = vec![0.5; rows as usize * 3];
    let echo = || run(&context, [("x", tensor(&[rows, 3], &megabyte))]);
    good(echo());

    let hoard: Vec<_> = (0..64).map(|_| tensor(&[rows, 3], &megabyte)).collect();
    let message = refused(echo(), ErrorCode::TooLarge);
    assert!(message.contains("16777216"), "{message}");

    drop(hoard);
    assert_eq!(only(good(echo()), "y").dimensions(), [rows, 3]);
    still_works();
}
