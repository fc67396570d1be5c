//! Names of megabytes are refused, and messages stay short enough to read.

use godwit_test_guests::component::{
    ErrorCode, context, load_by_name, refused, run, still_works, tensor,
};

fn main() {
    let name = "x".repeat(8 << 20);
    refused(load_by_name(&name), ErrorCode::NotFound);
    let context = context("scale");
    for _ in 0..10 {
        let outcome = run(&context, [(name.as_str(), tensor(&[1], &[1.0]))]);
        refused(outcome, ErrorCode::InvalidArgument);
    }
    still_works();
}
