//! Data that does not have the length its dimensions say is refused by the first call that can.

use godwit_test_guests::component::{
    ErrorCode, Tensor, TensorType, context, refused, run, still_works,
};

fn main() {
    let context = context("echo_f32");
    for len in [0, 1, 11, 13, 24, 1 << 20] {
        let x = Tensor::new(&[1, 3], TensorType::Fp32, &vec![0; len]);
        let message = refused(run(&context, [("x", x)]), ErrorCode::InvalidArgument);
        assert!(message.contains("12 bytes"), "{message}");
        assert!(message.contains(&len.to_string()), "{message}");
    }
    still_works();
}
