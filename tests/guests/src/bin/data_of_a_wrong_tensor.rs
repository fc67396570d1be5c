//! There is no way to say that a tensor has no data because it is wrong: asking for it is a trap.

use godwit_test_guests::component::{Tensor, TensorType};

fn main() {
    let wrong = Tensor::new(&[3], TensorType::U8, &[1]);
    println!("a wrong tensor has {} bytes", wrong.data().len());
}
