//! The host finds out the encoding of a guest's model, and says so when it cannot.

use godwit_test_guests::component::{
    ErrorCode, ExecutionTarget, GraphEncoding, classify, good, load, refused,
};
use godwit_test_guests::model_file;

fn main() {
    let (model, _) = model_file();
    classify(&good(load(&[model], GraphEncoding::Autodetect, ExecutionTarget::Cpu)));

    let noise: Vec<u8> =
        (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let outcome = load(&[noise], GraphEncoding::Autodetect, ExecutionTarget::Cpu);
    refused(outcome, ErrorCode::InvalidEncoding);
}
