use futures::executor::block_on;
use godwit_backend::{Buffer, CheckedContext, DType, Model, Quota, Shape, Tensor};
use godwit_fixtures::dims;
use godwit_fixtures::models::{add, echo};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use crate::{library, load};

/// Bytes copied, of inputs and of outputs, while one context runs `model` on each of `inputs`.
fn copied(model: &Model, inputs: impl IntoIterator<Item = Tensor>) -> (u64, u64) {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let graph = load(&library::open(), model).unwrap();
        let mut context = block_on(CheckedContext::open(&graph, &Quota::unlimited())).unwrap();
        for input in inputs {
            let outputs = block_on(context.run([input.clone()].into_iter().collect())).unwrap();
            let bytes = outputs.first().and_then(Tensor::host).unwrap();
            assert_eq!(bytes[..], input.host().unwrap()[..]);
        }
    });
    let mut copied = (0, 0);
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let DebugValue::Counter(bytes) = value else { continue };
        if key.key().name() != "godwit_openvino_copied_bytes_total" {
            continue;
        }
        let labels: Vec<_> = key.key().labels().map(|it| (it.key(), it.value())).collect();
        assert!(labels.contains(&("device", "openvino-cpu:0")), "{labels:?}");
        match labels.contains(&("side", "input")) {
            true => copied.0 += bytes,
            false => copied.1 += bytes,
        }
    }
    copied
}

fn tensor(len: usize) -> Tensor {
    Tensor::from_values([len], &vec![len as f32; len]).unwrap()
}

/// Floats that are too many to be copied instead of bound.
const MANY: usize = (1 << 20) / 4 + 1;

#[test]
fn large_tensors_are_not_copied() {
    let model = Model::onnx("echo", echo(DType::F32, [i64::try_from(MANY).unwrap()]));
    assert_eq!(copied(&model, vec![tensor(MANY); 10]), (0, 0));
}

#[test]
fn small_tensors_are_copied_once_in_and_once_out() {
    let model = Model::onnx("echo", echo(DType::F32, [2i64, 3]));
    let input = Tensor::from_values([2, 3], &[1f32, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    assert_eq!(copied(&model, vec![input; 10]), (240, 240));
}

#[test]
fn an_output_of_new_dimensions_is_copied_once() {
    let model = Model::onnx("echo", echo(DType::F32, dims!["n"]));
    let lens = [MANY, 5 * MANY, 2 * MANY];
    let inputs = lens.iter().flat_map(|&len| vec![tensor(len); 10]);
    assert_eq!(copied(&model, inputs), (0, 8 * 4 * MANY as u64));
}

#[test]
fn an_input_between_two_elements_is_copied_and_counted() {
    let model = Model::onnx("echo", echo(DType::F32, [i64::try_from(MANY).unwrap()]));
    #[derive(Debug)]
    struct Odd(Vec<u8>, usize);
    impl godwit_backend::HostMemory for Odd {
        fn bytes(&self) -> &[u8] {
            &self.0[self.1..self.1 + 4 * MANY]
        }
    }
    let mut bytes = vec![0u8; 4 * MANY + 4];
    let at = usize::from(bytes.as_ptr().align_offset(4) == 0);
    bytes[at..at + 4].copy_from_slice(&1f32.to_le_bytes());
    let input = Tensor::new(DType::F32, Shape::from([MANY]), Buffer::from_owner(Odd(bytes, at)));
    assert_eq!(copied(&model, [input.unwrap()]), (4 * MANY as u64, 0));
}

/// What a run leaves bound in the library is not what the next one gets.
#[test]
fn outputs_of_earlier_runs_stay_as_they_were() {
    let graph = load(&library::open(), &Model::onnx("add", add())).unwrap();
    let mut context = block_on(CheckedContext::open(&graph, &Quota::unlimited())).unwrap();
    let mut kept = Vec::new();
    for n in 0..20u8 {
        let x = Tensor::from_values([4], &[f32::from(n); 4]).unwrap();
        let inputs = [x.clone(), x].into_iter().collect();
        kept.push(block_on(context.run(inputs)).unwrap().remove(0));
    }
    for (n, output) in (0..20u8).zip(kept) {
        assert_eq!(output.values::<f32>(), Some(&[2.0 * f32::from(n); 4][..]));
    }
}
