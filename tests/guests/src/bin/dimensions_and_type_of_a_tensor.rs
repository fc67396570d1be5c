//! A tensor tells what it was made of, also a scalar, an empty one, and one that is wrong.

use godwit_test_guests::component::{Tensor, TensorType, tensor, values};

fn main() {
    let matrix = tensor(&[2, 1, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(matrix.dimensions(), [2, 1, 3]);
    assert_eq!(matrix.ty(), TensorType::Fp32);
    assert_eq!(values(&matrix), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    // Reading takes nothing away.
    assert_eq!(values(&matrix), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);

    let scalar = tensor(&[], &[7.0]);
    assert_eq!((scalar.dimensions(), values(&scalar)), (vec![], vec![7.0]));

    let empty = Tensor::new(&[0, 5], TensorType::I64, &[]);
    assert_eq!((empty.dimensions(), empty.data()), (vec![0, 5], vec![]));

    let wrong = Tensor::new(&[3], TensorType::Bf16, &[1]);
    assert_eq!((wrong.dimensions(), wrong.ty()), (vec![3], TensorType::Bf16));
}
