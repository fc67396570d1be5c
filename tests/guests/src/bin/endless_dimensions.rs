//! A tensor of a million dimensions is refused, and the host keeps none of them.

use godwit_test_guests::component::{
    ErrorCode, Tensor, TensorType, context, refused, run, still_works,
};

fn main() {
    let context = context("echo_f32");
    let dims = vec![1; 1 << 20];
    let mut held = Vec::new();
    for _ in 0..100 {
        let tensor = Tensor::new(&dims, TensorType::Fp32, &[0; 4]);
        assert_eq!(tensor.dimensions(), []);
        held.push(tensor);
    }
    for x in held {
        let message = refused(run(&context, [("x", x)]), ErrorCode::InvalidArgument);
        assert!(message.contains("1048576 dimensions"), "{message}");
    }
    still_works();
}
