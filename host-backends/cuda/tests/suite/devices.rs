use futures::executor::block_on;
use godwit_backend::{Backend, DeviceKind, ErrorKind, Target};
use godwit_cuda::Environment;
use godwit_fixtures::models;

use crate::standin::{backend, onnx, standin, with};

const FIRST: &str = "GPU-11111111-1111-1111-1111-111111111111";
const SECOND: &str = "GPU-22222222-2222-2222-2222-222222222222";

#[test]
fn every_gpu_is_listed_and_the_second_is_refused_by_name() {
    let (_one, _) = standin();
    let backend = backend();
    let devices = backend.devices().unwrap();
    let ids: Vec<&str> = devices.iter().map(|device| device.id.as_str()).collect();
    assert_eq!(ids, ["cuda:0", "cuda:1"]);
    assert_eq!(devices[0].kind, DeviceKind::Gpu);
    assert_eq!(devices[0].labels["uuid"], FIRST);
    assert_eq!(devices[0].labels["compute-capability"], "9.0");
    assert_eq!(devices[0].memory.unwrap().total, 1 << 30);
    assert_eq!(devices[1].labels["usable"], "in a separate process: this one uses cuda:0");

    let model = onnx(models::matmul_chain(8, 1));
    let load = |device: &str| block_on(backend.load(&model, &Target::new(device)));
    let error = load("cuda:1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(
        error.message(),
        "this process uses the GPU 'cuda:0' and cannot use 'cuda:1' as well"
    );
    assert!(error.report().contains(&format!("CUDA_VISIBLE_DEVICES={SECOND}")));
    assert_eq!(load("cuda:2").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(load(&format!("cuda:{FIRST}")).unwrap().info().device.id.as_str(), "cuda:0");
}

#[test]
fn options_that_the_process_cannot_keep_are_refused_before_anything_is_loaded() {
    let (_one, standin) = standin();
    let backend = with(Environment::default());
    let before = standin.read("standin_to_device");
    let digits = onnx(models::DIGITS_ONNX.to_vec());
    let error = block_on(backend.load(&digits, &Target::new("cuda:0"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.report().contains("NVIDIA_TF32_OVERRIDE=0"), "{}", error.report());
    let deterministic = Target::new("cuda:0").with_option("deterministic", "true");
    let error = block_on(backend.load(&onnx(models::matmul_chain(8, 1)), &deterministic));
    assert!(error.unwrap_err().report().contains("CUBLAS_WORKSPACE_CONFIG"));
    assert_eq!(standin.read("standin_to_device"), before);
}
