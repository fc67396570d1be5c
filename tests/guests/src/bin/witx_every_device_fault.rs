//! Whatever happens to a device reaches a core module as a code, and the next run is served. The device
//! fails its runs in this order; then it is lost.

use godwit_test_guests::module::{
    F32, RUNTIME_ERROR, SUCCESS, TOO_LARGE, UNSUPPORTED, address, compute, context, read,
    set_input, tensor,
};
use godwit_test_guests::{bytes, floats};

const BUSY: i32 = 4;

fn main() {
    let context = context("scale");
    let data = bytes(&[2.0]);
    assert_eq!(set_input(context, 0, address(&tensor(&[1], F32, &data))), SUCCESS);
    for errno in [
        RUNTIME_ERROR, // failed
        TOO_LARGE,     // out of memory
        BUSY,          // unavailable
        RUNTIME_ERROR, // internal
        UNSUPPORTED,   // unsupported
        UNSUPPORTED,   // denied
        RUNTIME_ERROR, // timeout
        RUNTIME_ERROR, // cancelled
    ] {
        assert_eq!(compute(context), errno);
        assert_eq!(read(context, 0, &mut [0; 4]), Err(RUNTIME_ERROR));
    }
    assert_eq!(compute(context), SUCCESS);
    let mut y = [0; 4];
    assert_eq!(read(context, 0, &mut y), Ok(4));
    assert_eq!(floats(&y), [6.0]);
    assert_eq!(compute(context), RUNTIME_ERROR);
    assert_eq!(compute(context), RUNTIME_ERROR);
}
