//! A model of a million parts is refused.

use godwit_test_guests::component::{
    ErrorCode, ExecutionTarget, GraphEncoding, load, refused, still_works,
};

fn main() {
    let parts = vec![Vec::new(); 1 << 20];
    for encoding in [GraphEncoding::Onnx, GraphEncoding::Ggml, GraphEncoding::Autodetect] {
        let outcome = load(&parts, encoding, ExecutionTarget::Cpu);
        let message = refused(outcome, ErrorCode::InvalidArgument);
        assert!(message.contains("parts"), "{message}");
    }
    still_works();
}
