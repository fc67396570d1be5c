//! Each mistake gives its code, and a message that helps. The deadline for a run is a second or
//! less, the budget for tensors 16 MiB, and the tenant may not load the model `forbidden`.

use godwit_test_guests::component::{
    ErrorCode, ExecutionTarget, GraphEncoding, context, integers, load, load_by_name, refused, run,
    still_works, tensor,
};
use godwit_test_guests::model_file;

fn main() {
    let message = refused(load_by_name("digit"), ErrorCode::NotFound);
    assert!(message.contains("did you mean 'digits'?"), "{message}");
    assert!(message.contains("known models: add, "), "{message}");
    assert!(!message.contains('/'), "a path: {message}");

    let scale = context("scale");
    let message = refused(run(&scale, [("y", tensor(&[1], &[1.0]))]), ErrorCode::InvalidArgument);
    assert!(message.contains("known inputs: x"), "{message}");

    let (model, is_onnx) = model_file();
    let own = if is_onnx { GraphEncoding::Onnx } else { GraphEncoding::Ggml };
    let cpu = ExecutionTarget::Cpu;
    refused(load(&[b"neither fish nor fowl".to_vec()], own, cpu), ErrorCode::InvalidEncoding);
    refused(load(&[], own, cpu), ErrorCode::InvalidEncoding);

    let saved = vec![8, 1, 0x12, 2, 0x0a, 0];
    let unsupported = ErrorCode::UnsupportedOperation;
    refused(load(&[saved], GraphEncoding::Tensorflow, cpu), unsupported);
    let message =
        refused(load(std::slice::from_ref(&model), own, ExecutionTarget::Tpu), unsupported);
    assert!(message.contains("tpu"), "{message}");
    refused(load(std::slice::from_ref(&model), own, ExecutionTarget::Gpu), unsupported);
    if is_onnx {
        refused(load(&[b"GGUF\x03\0\0\0".to_vec()], GraphEncoding::Ggml, cpu), unsupported);
    }

    let large = vec![0.0; 5 << 20];
    let message = refused(run(&scale, [("x", tensor(&[5 << 20], &large))]), ErrorCode::TooLarge);
    assert!(message.contains("16777216"), "{message}");

    let message = refused(load_by_name("forbidden"), ErrorCode::Security);
    assert!(message.contains("allow"), "{message}");

    // Only the run can find out that 99 has no square in the model's table.
    let inputs = [("ids", integers(&[1], &[99])), ("mask", tensor(&[1], &[1.0]))];
    refused(run(&context("mixed"), inputs), ErrorCode::RuntimeError);

    let rows = 8192;
    let x = tensor(&[rows, 128], &vec![0.0; rows as usize * 128]);
    refused(run(&context("slow"), [("x", x)]), ErrorCode::Timeout);

    still_works();
}
