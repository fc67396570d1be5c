//! One tensor of 3 MiB there and back, for a host that counts its bytes.

use godwit_test_guests::component::{context, good, only, run, tensor};

fn main() {
    const ROWS: u32 = 1 << 18;
    let sent: Vec<f32> = (0..ROWS * 3).map(|i| i as f32).collect();
    let y = only(good(run(&context("echo_f32"), [("x", tensor(&[ROWS, 3], &sent))])), "y");
    assert!(y.data() == godwit_test_guests::bytes(&sent), "the bytes changed");
}
