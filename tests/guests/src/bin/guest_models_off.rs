//! A host that takes no models from guests says so, and what to do instead.

use godwit_test_guests::component::{
    ErrorCode, ExecutionTarget, GraphEncoding, classify, graph, load, refused,
};
use godwit_test_guests::model_file;

fn main() {
    for encoding in [GraphEncoding::Onnx, GraphEncoding::Ggml, GraphEncoding::Autodetect] {
        let outcome = load(&[model_file().0], encoding, ExecutionTarget::Cpu);
        let message = refused(outcome, ErrorCode::Security);
        assert!(message.contains("digits"), "it names no model: {message}");
    }
    classify(&graph("digits"));
}
