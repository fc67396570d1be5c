//! A guest that never drops a handle is ended.

use godwit_test_guests::component::tensor;

fn main() {
    for _ in 0..1_000_000 {
        std::mem::forget(tensor(&[1], &[1.0]));
    }
    println!("the host gave out a million handles");
}
