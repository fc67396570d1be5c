//! A core module runs a model by name, by way of the crate `wasi-nn` that others publish.

use godwit_test_guests::{assert_near, digit};
use wasi_nn::{ExecutionTarget, GraphBuilder, GraphEncoding, TensorType};

fn main() {
    let builder = GraphBuilder::new(GraphEncoding::Onnx, ExecutionTarget::CPU);
    let graph = builder.build_from_cache("digits").expect("there is such a model");
    let mut context = graph.init_execution_context().expect("a context");
    let dims = digit::DIMS.map(|dim| dim as usize);
    context.set_input(0, TensorType::F32, &dims, digit::image()).expect("an input");
    for _ in 0..3 {
        context.compute().expect("a run");
        let mut logits = [0f32; 10];
        assert_eq!(context.get_output(0, &mut logits).expect("an output"), 40);
        assert_near(&logits, &digit::LOGITS);
    }
}
