use godwit_backend::{DType, ErrorKind, Shape};
use godwit_fixtures::dims;
use godwit_fixtures::models::echo;
use godwit_fixtures::onnx::Graph as Onnx;

use super::*;

/// Bytes that are valid values of any dtype: for `bool` only 0 and 1 are.
fn bytes(dtype: DType, len: usize) -> Vec<u8> {
    let values = (0..len).map(|i| u8::try_from(i * 37 % 256).unwrap());
    if dtype == DType::Bool { values.map(|it| it % 2).collect() } else { values.collect() }
}

fn tensor(dtype: DType, shape: Shape) -> Tensor {
    let len = shape.byte_len(dtype).unwrap();
    Tensor::new(dtype, shape, bytes(dtype, len).into()).unwrap()
}

#[test]
fn every_dtype_the_device_names_comes_back_bit_for_bit() {
    let backend = backend(1, NEVER);
    let carried = backend.devices().unwrap()[0].capabilities.dtypes.clone();
    assert_eq!(carried.len(), DType::ALL.len() - 1);
    for dtype in carried {
        let graph = load(&backend, echo(dtype, ["n"]));
        assert_eq!(graph.info().signature.inputs[0].to_string(), format!("x: {dtype}[n]"));
        assert_eq!(graph.info().signature.outputs[0].to_string(), format!("y: {dtype}[n]"));
        let mut context = context(&graph);
        for size in [1, 5, 0] {
            let given = tensor(dtype, Shape::from([size]));
            let got = run(&mut context, [given.clone()]).unwrap();
            assert_eq!(got[0].dtype(), dtype);
            assert_eq!(got[0].shape(), given.shape());
            assert_eq!(**got[0].host().unwrap(), **given.host().unwrap(), "{dtype}");
        }
    }
}

#[test]
fn a_scalar_and_a_shape_with_a_zero_in_it_come_back() {
    let backend = backend(1, NEVER);
    let graph = load(&backend, echo(DType::F32, dims![]));
    let got = run(&mut context(&graph), [floats([], &[2.5])]).unwrap();
    assert_eq!(got[0].shape().len(), 0);
    assert_eq!(got[0].values::<f32>().unwrap(), [2.5]);

    let graph = load(&backend, echo(DType::I64, dims![3, 0, 2]));
    let got = run(&mut context(&graph), [tensor(DType::I64, Shape::from([3, 0, 2]))]).unwrap();
    assert_eq!(**got[0].shape(), [3, 0, 2]);
}

#[test]
fn bf16_is_unsupported_and_named() {
    let error = try_load(&backend(1, NEVER), echo(DType::Bf16, ["n"])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().ends_with("does not have: bf16"), "{error}");
}

#[test]
fn a_shape_is_given_as_integers() {
    let mut onnx = Onnx::new("shape");
    onnx.input("x", DType::F32, dims!["rows", 3]);
    onnx.node("Shape", "x", "y");
    onnx.output("y", DType::I64, dims![2]);
    let graph = load(&backend(1, NEVER), onnx.into_bytes());
    assert_eq!(graph.info().signature.outputs[0].to_string(), "y: i64[2]");
    let got = run(&mut context(&graph), [floats([4, 3], &[0.0; 12])]).unwrap();
    assert_eq!(got[0].values::<i64>().unwrap(), [4, 3]);
}
