//! One context takes batches of different sizes.

use godwit_test_guests::component::{context, good, only, run, tensor, values};

fn main() {
    let context = context("echo_f32");
    for rows in [1, 2, 7, 64, 3, 1] {
        let sent: Vec<f32> = (0..rows * 3).map(|i| i as f32 * 0.5).collect();
        let y = only(good(run(&context, [("x", tensor(&[rows, 3], &sent))])), "y");
        assert_eq!(y.dimensions(), [rows, 3]);
        assert_eq!(values(&y), sent);
    }
}
