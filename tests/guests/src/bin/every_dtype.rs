//! Tensors of every dtype come back byte for byte. A device without a dtype says so.

use godwit_test_guests::component::{
    ErrorCode, Tensor, TensorType, context, good, load_by_name, only, refused, run,
};
use godwit_test_guests::{DTYPES, family};

fn main() {
    for (name, size) in DTYPES {
        let model = format!("echo_{name}");
        if name == "bf16" && family() == "cpu" {
            refused(load_by_name(&model), ErrorCode::UnsupportedOperation);
            continue;
        }
        let ty = match name {
            "f16" => TensorType::Fp16,
            "f32" => TensorType::Fp32,
            "f64" => TensorType::Fp64,
            "bf16" => TensorType::Bf16,
            "u8" => TensorType::U8,
            "i32" => TensorType::I32,
            _ => TensorType::I64,
        };
        let bytes: Vec<u8> = (0..6 * size).map(|i| (i * 37 + 11) as u8).collect();
        let outputs = good(run(&context(&model), [("x", Tensor::new(&[2, 3], ty, &bytes))]));
        let y = only(outputs, "y");
        assert_eq!((y.ty(), y.dimensions()), (ty, vec![2, 3]), "{name}");
        assert_eq!(y.data(), bytes, "{name}");
    }
}
