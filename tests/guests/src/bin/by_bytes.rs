//! A guest's own model gives the right answer.

use godwit_test_guests::component::{ExecutionTarget, GraphEncoding, classify, good, load};
use godwit_test_guests::model_file;

fn main() {
    let (model, is_onnx) = model_file();
    let encoding = if is_onnx { GraphEncoding::Onnx } else { GraphEncoding::Ggml };
    classify(&good(load(&[model], encoding, ExecutionTarget::Cpu)));
}
