//! A batch of nothing gives nothing; absurd dimensions are refused.

use godwit_test_guests::component::{
    ErrorCode, Tensor, TensorType, context, good, only, refused, run, still_works, tensor,
};

fn main() {
    let context = context("echo_f32");
    let y = only(good(run(&context, [("x", tensor(&[0, 3], &[]))])), "y");
    assert_eq!((y.dimensions(), y.data()), (vec![0, 3], vec![]));

    for dims in [&[0][..], &[1, 0], &[4_000_000_000, 3], &[1; 60], &[]] {
        let x = Tensor::new(dims, TensorType::Fp32, &[0; 4]);
        refused(run(&context, [("x", x)]), ErrorCode::InvalidArgument);
    }
    still_works();
}
