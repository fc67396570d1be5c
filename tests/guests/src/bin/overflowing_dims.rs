//! Dimensions whose product has no number are refused; a zero among them hides nothing.

use godwit_test_guests::component::{
    ErrorCode, Tensor, TensorType, context, refused, run, still_works,
};

fn main() {
    let context = context("echo_f32");
    let refuse = |dims: &[u32], code| {
        for data in [&[][..], &[0; 16]] {
            let x = Tensor::new(dims, TensorType::Fp32, data);
            assert_eq!(x.dimensions(), dims);
            refused(run(&context, [("x", x)]), code);
        }
    };
    refuse(&[u32::MAX; 4], ErrorCode::TooLarge);
    refuse(&[1 << 16; 4], ErrorCode::TooLarge);
    refuse(&[1 << 31, 1 << 31], ErrorCode::TooLarge);
    refuse(&[u32::MAX, u32::MAX, u32::MAX, 0], ErrorCode::TooLarge);
    refuse(&[0, u32::MAX, u32::MAX, u32::MAX], ErrorCode::TooLarge);
    // This one has a number, but nobody has so many bytes.
    refuse(&[u32::MAX], ErrorCode::InvalidArgument);
    still_works();
}
