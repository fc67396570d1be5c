//! Whatever happens to a device reaches the guest as a code, and the next run is served. The device
//! fails its runs in this order; then it is lost.

use godwit_test_guests::component::{ErrorCode, context, good, only, refused, run, tensor, values};

fn main() {
    let context = context("scale");
    let run = || run(&context, [("x", tensor(&[1], &[2.0]))]);
    for code in [
        ErrorCode::RuntimeError,         // failed
        ErrorCode::TooLarge,             // out of memory
        ErrorCode::RuntimeError,         // unavailable
        ErrorCode::Unknown,              // internal
        ErrorCode::UnsupportedOperation, // unsupported
        ErrorCode::Security,             // denied
        ErrorCode::Timeout,              // timeout
        ErrorCode::Timeout,              // cancelled
    ] {
        refused(run(), code);
    }
    assert_eq!(values(&only(good(run()), "y")), [6.0]);
    refused(run(), ErrorCode::RuntimeError);
    refused(run(), ErrorCode::RuntimeError);
}
