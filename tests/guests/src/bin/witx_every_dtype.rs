//! Tensors of every dtype this ABI has come back byte for byte, and other numbers mean no dtype.

use godwit_test_guests::DTYPES;
use godwit_test_guests::module::{
    INVALID_ARGUMENT, SUCCESS, TYPES, address, compute, context, read, set_input, tensor,
};

fn main() {
    for (name, number) in TYPES {
        let (_, size) = DTYPES.into_iter().find(|(dtype, _)| *dtype == name).expect("it is there");
        let data: Vec<u8> = (0..6 * size).map(|i| (i * 37 + 11) as u8).collect();
        let context = context(&format!("echo_{name}"));
        assert_eq!(set_input(context, 0, address(&tensor(&[2, 3], number, &data))), SUCCESS);
        assert_eq!(compute(context), SUCCESS, "{name}");
        let mut back = vec![0; data.len()];
        assert_eq!(read(context, 0, &mut back), Ok(data.len()));
        assert_eq!(back, data, "{name}");
    }
    let context = context("echo_u8");
    for number in [6, 7, 255] {
        let outcome = set_input(context, 0, address(&tensor(&[1, 3], number, &[1, 2, 3])));
        assert_eq!(outcome, INVALID_ARGUMENT);
    }
}
