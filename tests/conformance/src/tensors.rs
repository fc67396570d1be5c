use std::time::{Duration, Instant};

use futures_timer::Delay;
use godwit_backend::{DType, Element, Memory, Shape, Tensor};

use crate::bounded::patience;

/// A host tensor.
pub(crate) fn tensor<T: Element, const N: usize>(dims: [usize; N], values: &[T]) -> Tensor {
    Tensor::from_values(dims, values).expect("as many values as the dims say")
}

/// A vector of f32.
pub(crate) fn floats(values: &[f32]) -> Tensor {
    tensor([values.len()], values)
}

/// A tensor of zeros charged to `memory`.
pub(crate) fn zeros(memory: &Memory, dims: impl Into<Shape>) -> Tensor {
    let shape = dims.into();
    let bytes = memory.writable(shape.byte_len(DType::F32).expect("sane dims"));
    Tensor::new(DType::F32, shape, bytes.expect("memory for a test").freeze()).expect("the length")
}

/// The values of a host tensor.
pub(crate) fn values<T: Element>(tensor: &Tensor) -> Vec<T> {
    assert_eq!(tensor.dtype(), T::DTYPE, "the dtype of {tensor}");
    bytemuck::pod_collect_to_vec(bytes(tensor))
}

/// The bytes of a host tensor.
pub(crate) fn bytes(tensor: &Tensor) -> &[u8] {
    tensor.host().expect("a tensor on the host")
}

/// Waits until `done`, or fails saying what never came true.
pub(crate) async fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < patience(), "never: {what}");
        Delay::new(Duration::from_millis(5)).await;
    }
}
