//! A run that takes too long is stopped, and its graph serves other contexts. The deadline for a run is
//! short; this one would take hours, or on a real device many seconds.

use godwit_test_guests::component::{ErrorCode, context, refused, run, still_works, tensor};

fn main() {
    const ROWS: u32 = 8192;
    for _ in 0..2 {
        let x = tensor(&[ROWS, 128], &vec![0.0; ROWS as usize * 128]);
        let message = refused(run(&context("slow"), [("x", x)]), ErrorCode::Timeout);
        assert!(message.contains("run"), "{message}");
        still_works();
    }
}
