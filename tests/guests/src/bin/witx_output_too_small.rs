//! An output that does not fit the guest's buffer is not written at all, and can be read into a larger.

use godwit_test_guests::module::{
    SUCCESS, TOO_LARGE, address, compute, context, read, set_input, tensor,
};

fn main() {
    let context = context("echo_u8");
    let data: Vec<u8> = (1..=30).collect();
    assert_eq!(set_input(context, 0, address(&tensor(&[10, 3], 3, &data))), SUCCESS);
    assert_eq!(compute(context), SUCCESS);
    for size in [0, 1, 29] {
        let mut small = vec![0; size];
        assert_eq!(read(context, 0, &mut small), Err(TOO_LARGE));
        assert!(small.iter().all(|&byte| byte == 0), "part of it was written");
    }
    let mut large = [0; 32];
    assert_eq!(read(context, 0, &mut large), Ok(30));
    assert_eq!(&large[..30], data);
    assert_eq!(&large[30..], [0, 0]);
}
