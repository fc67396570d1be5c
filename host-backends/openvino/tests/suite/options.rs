use futures::executor::block_on;
use godwit_backend::{Backend, DType, ErrorKind, Model, Target, Tensor};
use godwit_fixtures::models::{add, matmul_chain};

use godwit_openvino::{OpenVino, OpenVinoOptions};

use crate::{answer, floats, library};

fn refused(name: &str, value: &str) -> (ErrorKind, String) {
    let target = Target::new("openvino-cpu:0").with_option(name, value);
    let error = block_on(library::open().load(&Model::onnx("add", add()), &target)).unwrap_err();
    (error.kind(), error.message().to_owned())
}

#[test]
fn a_slip_in_an_option_is_answered_with_what_was_meant() {
    let (kind, message) = refused("num_stream", "2");
    assert_eq!(kind, ErrorKind::Unsupported);
    assert!(message.contains("did you mean 'num_streams'?"), "{message}");
    let (kind, message) = refused("property.INFERENCE_NUM_THREAD", "2");
    assert_eq!(kind, ErrorKind::Unsupported);
    assert!(message.contains("did you mean 'INFERENCE_NUM_THREADS'?"), "{message}");
    let (kind, message) = refused("hint", "latancy");
    assert_eq!(kind, ErrorKind::InvalidArgument);
    assert!(message.contains("did you mean 'latency'?"), "{message}");
    for value in ["0", "-1", "many"] {
        assert_eq!(refused("threads", value).0, ErrorKind::InvalidArgument);
    }
}

#[test]
fn every_option_is_taken() {
    for (name, value) in [
        ("hint", "latency"),
        ("hint", "throughput"),
        ("num_streams", "1"),
        ("num_streams", "auto"),
        ("threads", "1"),
        ("pinning", "no"),
        ("property.ENABLE_HYPER_THREADING", "NO"),
    ] {
        let target = Target::new("openvino-cpu:0").with_option(name, value);
        let graph = block_on(library::open().load(&Model::onnx("add", add()), &target));
        let graph = graph.unwrap_or_else(|error| panic!("{name} = {value}: {error:?}"));
        let sum = answer(&graph, [floats(&[1.0]), floats(&[2.0])]).unwrap();
        assert_eq!(sum[0].values::<f32>(), Some(&[3.0][..]), "{name} = {value}");
    }
}

#[test]
fn runs_get_a_core_each_or_all_of_them() {
    let cores = std::thread::available_parallelism().unwrap().to_string();
    for (one_at_a_time, streams) in [(false, &*cores), (true, "1")] {
        let options = OpenVinoOptions { one_at_a_time, ..Default::default() };
        let backend = OpenVino::open(&library::path(), options).unwrap();
        let target = Target::new("openvino-cpu:0");
        let graph = block_on(backend.load(&Model::onnx("add", add()), &target)).unwrap();
        assert_eq!(graph.info().device.labels.get("streams").map(String::as_str), Some(streams));
    }
}

/// 2^-20 is lost to bf16 and f16 beside 1.
#[test]
fn an_f32_model_stays_f32_unless_asked_otherwise() {
    let x: Vec<f32> = (0..256u16).map(|i| 1.0 + f32::from(i) / 1_048_576.0).collect();
    let input = || [Tensor::from_values([1, 256], &x).unwrap()];
    let worst = |target: Target| {
        let model = Model::onnx("chain", matmul_chain(256, 2));
        let graph = block_on(library::open().load(&model, &target)).unwrap();
        let outputs = answer(&graph, input()).unwrap();
        let y = outputs[0].values::<f32>().unwrap();
        let gap = y.iter().zip(&x).map(|(y, x)| (y - x).abs()).fold(0.0, f32::max);
        (gap, graph.info().device.capabilities.precision)
    };
    let (gap, precision) = worst(Target::new("openvino-cpu:0"));
    assert_eq!(precision, DType::F32);
    assert!(gap < 1e-5, "f32 was off by {gap}");
    let asked = Target::new("openvino-cpu:0").with_option("precision", "bf16");
    let (_, precision) = worst(asked);
    assert_eq!(precision, DType::Bf16);
}

#[test]
fn the_device_that_chooses_says_what_it_chose() {
    let target = Target::new("openvino-auto:0");
    let graph = block_on(library::open().load(&Model::onnx("add", add()), &target)).unwrap();
    let chosen = graph.info().device.labels.get("execution-devices").cloned().unwrap_or_default();
    assert!(chosen.contains("CPU"), "{:?}", graph.info().device.labels);
    let sum = answer(&graph, [floats(&[1.0]), floats(&[2.0])]).unwrap();
    assert_eq!(sum[0].values::<f32>(), Some(&[3.0][..]));
}
