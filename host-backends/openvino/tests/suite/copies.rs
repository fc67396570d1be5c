use futures::executor::block_on;
use godwit_backend::{Buffer, DType, ExecutionContext, Memory, Model, Shape, Tensor};
use godwit_fixtures::dims;
use godwit_fixtures::models::{add, echo};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use crate::{library, load};

/// Bytes copied while `work` runs on this thread, inputs and outputs.
fn copied(work: impl FnOnce()) -> (u64, u64) {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, work);
    let mut copied = (0, 0);
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        if let DebugValue::Counter(bytes) = value
            && key.key().name() == "godwit_openvino_copied_bytes"
        {
            match key.key().labels().next().map(|label| label.value().to_owned()).as_deref() {
                Some("input") => copied.0 += bytes,
                _ => copied.1 += bytes,
            }
        }
    }
    copied
}

fn run(context: &mut Box<dyn ExecutionContext>, input: &Tensor) {
    let outputs = block_on(context.run([input.clone()].into_iter().collect())).unwrap();
    let bytes = outputs.first().and_then(Tensor::host).unwrap();
    assert_eq!(bytes[..], input.host().unwrap()[..]);
}

/// Floats that are too many to be copied instead of bound.
const MANY: usize = (1 << 20) / 4 + 1;

#[test]
fn large_tensors_are_not_copied() {
    let model = Model::onnx("echo", echo(DType::F32, [i64::try_from(MANY).unwrap()]));
    let graph = load(&library::open(), &model).unwrap();
    let mut context = block_on(graph.context(&Memory::unlimited())).unwrap();
    let input = Tensor::from_values([MANY], &vec![2f32; MANY]).unwrap();
    assert_eq!(copied(|| (0..10).for_each(|_| run(&mut context, &input))), (0, 0));
}

#[test]
fn small_tensors_are_copied_once_in_and_once_out() {
    let graph = load(&library::open(), &Model::onnx("echo", echo(DType::F32, [2i64, 3]))).unwrap();
    let mut context = block_on(graph.context(&Memory::unlimited())).unwrap();
    let input = Tensor::from_values([2, 3], &[1f32, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    assert_eq!(copied(|| (0..10).for_each(|_| run(&mut context, &input))), (240, 240));
}

#[test]
fn an_output_of_new_dimensions_is_copied_once() {
    let model = Model::onnx("echo", echo(DType::F32, dims!["n"]));
    let graph = load(&library::open(), &model).unwrap();
    let mut context = block_on(graph.context(&Memory::unlimited())).unwrap();
    for len in [MANY, 5 * MANY, 2 * MANY] {
        let input = Tensor::from_values([len], &vec![len as f32; len]).unwrap();
        let bytes = 4 * len as u64;
        assert_eq!(copied(|| (0..10).for_each(|_| run(&mut context, &input))), (0, bytes));
    }
}

#[test]
fn an_input_between_two_elements_is_copied_and_counted() {
    let model = Model::onnx("echo", echo(DType::F32, [i64::try_from(MANY).unwrap()]));
    let graph = load(&library::open(), &model).unwrap();
    let mut context = block_on(graph.context(&Memory::unlimited())).unwrap();
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
    let input = input.unwrap();
    assert_eq!(copied(|| run(&mut context, &input)), (4 * MANY as u64, 0));
}

/// What a run leaves bound in the library is not what the next one gets.
#[test]
fn outputs_of_earlier_runs_stay_as_they_were() {
    let graph = load(&library::open(), &Model::onnx("add", add())).unwrap();
    let mut context = block_on(graph.context(&Memory::unlimited())).unwrap();
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
