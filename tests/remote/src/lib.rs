//! Counterparts for the remote backend: real servers, started on this machine's loopback and stopped when
//! their handle is dropped, and a proxy that does to an answer what networks do.
//!
//! The servers are Python packages that `cargo xtask setup` installs under `target/servers`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a counterpart is part of a test: a panic is how it fails"
)]

mod built;
pub mod digits;
pub mod metadata;
pub mod others;
pub mod proxy;
mod python;
pub mod triton;
pub mod tunnel;

use godwit_backend::{Backend, CheckedContext, DType, Graph, Model, Quota, Target, Tensor};
use godwit_remote::{Endpoint, Remote, RemoteOptions};

pub use built::{built, root};
pub use others::python;
pub use python::{Server, free_ports, installed};
pub use triton::Triton;

/// A remote backend of one endpoint.
pub fn remote(endpoint: Endpoint) -> Remote {
    Remote::open(RemoteOptions { endpoints: vec![endpoint] }).expect("a sound configuration")
}

/// A model that a server has under `name`.
pub fn named(name: &str) -> Model {
    Model::remote(name, name, None)
}

/// Runs a future in the kind of runtime that a host gives to a backend.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

/// The model `name` on the only device of `backend`.
pub async fn load(
    backend: &Remote,
    name: &str,
) -> godwit_backend::Result<std::sync::Arc<dyn Graph>> {
    let device = backend.devices()?.remove(0).id;
    backend.load(&named(name), &Target::new(device.as_str())).await
}

/// A context on the model `name`.
pub async fn context(backend: &Remote, name: &str) -> CheckedContext {
    let graph = load(backend, name).await.unwrap_or_else(|error| panic!("{}", error.report()));
    CheckedContext::open(&graph, &Quota::unlimited()).await.expect("a graph gives contexts")
}

/// That `found` is `expected`: every bit of integers, a tolerance by dtype for floats.
pub fn assert_close(what: &str, expected: &Tensor, found: &Tensor) {
    assert_eq!(expected.dtype(), found.dtype(), "{what}");
    assert_eq!(expected.shape(), found.shape(), "{what}");
    let (expected, found) = (numbers(expected), numbers(found));
    for (index, (expected, found)) in expected.iter().zip(&found).enumerate() {
        let both_nan = expected.0.is_nan() && found.0.is_nan();
        let far = (expected.0 - found.0).abs() > expected.1 * expected.0.abs().max(1.0);
        assert!(both_nan || !far, "{what}: element {index} is {}, not {}", found.0, expected.0);
    }
}

/// Each element, and how far off another computation of it may be.
fn numbers(tensor: &Tensor) -> Vec<(f64, f64)> {
    let bytes = tensor.host().expect("a tensor on the host");
    let elements = bytes.chunks_exact(tensor.dtype().size());
    macro_rules! read {
        ($ty:ty, $tolerance:expr) => {
            elements
                .map(|bytes| (<$ty>::from_le_bytes(bytes.try_into().unwrap()) as f64, $tolerance))
                .collect()
        };
    }
    match tensor.dtype() {
        DType::F16 => elements
            .map(|bytes| (half::f16::from_le_bytes(bytes.try_into().unwrap()).to_f64(), 1e-3))
            .collect(),
        DType::Bf16 => elements
            .map(|bytes| (half::bf16::from_le_bytes(bytes.try_into().unwrap()).to_f64(), 1e-2))
            .collect(),
        DType::F32 => read!(f32, 1e-5),
        DType::F64 => read!(f64, 1e-12),
        DType::U8 | DType::Bool => read!(u8, 0.0),
        DType::I8 => read!(i8, 0.0),
        DType::U16 => read!(u16, 0.0),
        DType::I16 => read!(i16, 0.0),
        DType::U32 => read!(u32, 0.0),
        DType::I32 => read!(i32, 0.0),
        DType::U64 => read!(u64, 0.0),
        DType::I64 => read!(i64, 0.0),
    }
}
