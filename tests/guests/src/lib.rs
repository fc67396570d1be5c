//! What the guests in `bin` share: the bare functions of `wasi:nn`, and how to complain.
//!
//! One behaviour a program. A program ends well when the host behaved, and panics with what was wrong
//! when not. Nothing comes between it and the interface, so that hostile things can be said.
//!
//! - [`component`]: for `wasm32-wasip2`, bindings made from the WIT.
//! - [`module`]: for `wasm32-wasip1`, the functions of `wasi_ephemeral_nn` with bare pointers. Its
//!   programs are called `witx_*`.
//!
//! The first argument of a guest is the family that serves its models, `cpu` or `fake`: not everything
//! can be had from both.

#[cfg(not(target_env = "p1"))]
mod bindings;
#[cfg(not(target_env = "p1"))]
pub mod component;
pub mod digit;
pub mod files;
pub mod module;

/// The family that serves the models.
pub fn family() -> String {
    std::env::args().nth(1).expect("the first argument is the family")
}

/// The dtypes of models called `echo_DTYPE`, with the size of an element.
pub const DTYPES: [(&str, usize); 7] =
    [("f16", 2), ("f32", 4), ("f64", 8), ("bf16", 2), ("u8", 1), ("i32", 4), ("i64", 8)];

/// The model `digits` as a file, and whether it is ONNX; if not, it is GGUF.
pub fn model_file() -> (Vec<u8>, bool) {
    match std::fs::read("/models/digits.onnx") {
        Ok(bytes) => (bytes, true),
        Err(_) => (std::fs::read("/models/digits.gguf").expect("there is a model file"), false),
    }
}

/// Values as the bytes of a tensor.
pub fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The bytes of a tensor as values.
pub fn floats(bytes: &[u8]) -> Vec<f32> {
    assert_eq!(bytes.len() % 4, 0, "{} bytes are no f32s", bytes.len());
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// Fails unless each value is near the one expected.
pub fn assert_near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found_one, one) in found.iter().zip(expected) {
        assert!((found_one - one).abs() < 1e-3, "{found:?} is not near {expected:?}");
    }
}
