use godwit_backend::{Cancellation, DType, Encoding, ErrorKind};
use godwit_fixtures::dims;
use godwit_fixtures::models::{add, bad_models, echo, split};
use godwit_fixtures::onnx::Graph as Onnx;

use super::*;

#[test]
fn the_device_describes_itself() {
    let devices = backend(3, NEVER).devices().unwrap();
    assert_eq!(devices.len(), 1);
    let device = &devices[0];
    assert_eq!(device.id.as_str(), "cpu:0");
    assert!(!device.name.is_empty());
    assert_eq!(device.capabilities.cancellation, Cancellation::BetweenOperators);
    assert_eq!(device.labels["threads"], "3");
    if cfg!(target_os = "linux") {
        let memory = device.memory.unwrap();
        assert!(memory.free > 0 && memory.free <= memory.total);
    }
}

#[test]
fn what_is_asked_for_wrongly_is_named() {
    let backend = backend(2, NEVER);
    let model = Model::onnx("test", add());
    let refuse = |model: &Model, target: Target| {
        let error = block_on(backend.load(model, &target)).unwrap_err();
        (error.kind(), error.message().to_owned())
    };
    let (kind, message) = refuse(&model, Target::new("cpu:1"));
    assert_eq!(kind, ErrorKind::NotFound);
    assert!(message.contains("'cpu:1'") && message.contains("known devices: cpu:0"), "{message}");

    let (kind, message) = refuse(&model, Target::new("cpu:0").with_option("treads", "1"));
    assert_eq!(kind, ErrorKind::Unsupported);
    assert!(message.contains("'treads'") && message.contains("threads"), "{message}");

    let ir = Model::new("test", Encoding::Openvino, model.parts().to_vec());
    let (kind, message) = refuse(&ir, Target::new("cpu:0"));
    assert_eq!(kind, ErrorKind::Unsupported);
    assert!(message.contains("openvino"), "{message}");

    let target = Target::new("cpu:0").with_option("threads", "1");
    let graph = block_on(backend.load(&model, &target)).unwrap();
    let sum = run(&mut context(&graph), [floats([1], &[1.0]), floats([1], &[2.0])]).unwrap();
    assert_eq!(sum[0].values::<f32>().unwrap(), [3.0]);
}

#[test]
fn several_inputs_and_outputs_keep_their_order_and_names() {
    let backend = backend(1, NEVER);
    let graph = load(&backend, add());
    let names = |infos: &[godwit_backend::TensorInfo]| {
        infos.iter().map(|info| info.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&graph.info().signature.inputs), ["a: f32[n]", "b: f32[n]"]);
    assert_eq!(names(&graph.info().signature.outputs), ["sum: f32[n]"]);

    let graph = load(&backend, split());
    assert_eq!(names(&graph.info().signature.outputs), ["doubled: f32[n, 3]", "total: f32[n]"]);
    let rows = floats([2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let got = run(&mut context(&graph), [rows]).unwrap();
    assert_eq!(got[0].values::<f32>().unwrap(), [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]);
    assert_eq!(got[1].values::<f32>().unwrap(), [6.0, 15.0]);
}

#[test]
fn a_dimension_without_a_name_is_unknown() {
    let mut onnx = Onnx::new("unknown");
    onnx.input("x", DType::F32, dims!["?", 2]);
    onnx.node("Neg", "x", "y");
    onnx.output("y", DType::F32, dims!["?", 2]);
    let graph = load(&backend(1, NEVER), onnx.into_bytes());
    assert_eq!(graph.info().signature.inputs[0].to_string(), "x: f32[?, 2]");
    assert_eq!(graph.info().signature.outputs[0].to_string(), "y: f32[?, 2]");
    let got = run(&mut context(&graph), [floats([1, 2], &[1.0, -2.0])]).unwrap();
    assert_eq!(got[0].values::<f32>().unwrap(), [-1.0, 2.0]);
}

#[test]
fn an_operator_that_is_missing_is_named() {
    let mut onnx = Onnx::new("unknown");
    onnx.input("x", DType::F32, dims![1]);
    onnx.node("Teleport", "x", "y");
    onnx.output("y", DType::F32, dims![1]);
    let error = try_load(&backend(1, NEVER), onnx.into_bytes()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().ends_with("does not have: Teleport"), "{error}");
}

#[test]
fn hostile_models_are_refused_or_load_and_the_next_one_is_served() {
    let backend = backend(1, NEVER);
    for bad in bad_models() {
        // Valid, if absurd, and slow to compile. Bounding the number of nodes is the business of the
        // check before any backend.
        if bad.name == "long-chain" {
            continue;
        }
        let outcome = try_load(&backend, bad.bytes);
        let message = match &outcome {
            Ok(_) => "loaded".to_owned(),
            Err(error) => {
                let expected = [
                    ErrorKind::InvalidEncoding,
                    ErrorKind::Unsupported,
                    ErrorKind::TooLarge,
                    ErrorKind::OutOfMemory,
                ];
                assert!(expected.contains(&error.kind()), "{}: {}", bad.name, error.report());
                assert!(!error.message().contains("panic"), "{}: {error}", bad.name);
                format!("{:?}: {}", error.kind(), error.report())
            }
        };
        println!("{}: {message}", bad.name);
    }
    let graph = load(&backend, echo(DType::U8, ["n"]));
    assert!(run(&mut context(&graph), [Tensor::from_values([1], &[7u8]).unwrap()]).is_ok());
}
