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

#[test]
fn nothing_is_copied_where_dimensions_are_known() {
    let graph = load(&library::open(), &Model::onnx("echo", echo(DType::F32, [2i64, 3]))).unwrap();
    let mut context = block_on(graph.context(&Memory::unlimited())).unwrap();
    let input = Tensor::from_values([2, 3], &[1f32, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    assert_eq!(copied(|| (0..10).for_each(|_| run(&mut context, &input))), (0, 0));
}

#[test]
fn an_output_of_new_dimensions_is_copied_once() {
    let model = Model::onnx("echo", echo(DType::F32, dims!["n", 3]));
    let graph = load(&library::open(), &model).unwrap();
    let mut context = block_on(graph.context(&Memory::unlimited())).unwrap();
    for (rows, bytes) in [(1, 12), (5, 60), (2, 24)] {
        let input = Tensor::from_values([rows, 3], &vec![rows as f32; 3 * rows]).unwrap();
        assert_eq!(copied(|| (0..10).for_each(|_| run(&mut context, &input))), (0, bytes));
    }
}

#[test]
fn an_input_between_two_elements_is_copied_and_counted() {
    let graph = load(&library::open(), &Model::onnx("echo", echo(DType::F32, [2i64]))).unwrap();
    let mut context = block_on(graph.context(&Memory::unlimited())).unwrap();
    #[derive(Debug)]
    struct Odd(Vec<u8>, usize);
    impl godwit_backend::HostMemory for Odd {
        fn bytes(&self) -> &[u8] {
            &self.0[self.1..self.1 + 8]
        }
    }
    let mut bytes = vec![0u8; 16];
    let at = usize::from(bytes.as_ptr().align_offset(4) == 0);
    bytes[at..at + 4].copy_from_slice(&1f32.to_le_bytes());
    let input = Tensor::new(DType::F32, Shape::from([2]), Buffer::from_owner(Odd(bytes, at)));
    let input = input.unwrap();
    assert_eq!(copied(|| run(&mut context, &input)), (8, 0));
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
