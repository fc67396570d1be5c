//! Run machine-learning models from a WebAssembly component.
//!
//! A component built with this crate imports only standard interfaces: any host that implements
//! `wasi:nn@0.2.0-rc-2024-10-28` runs it, and the host decides which device runs the model.
//!
//! # Example
//!
//! A classifier of handwritten digits. The host provides the model `digits`, with the
//! input `image`, f32 `[batch, 1, 8, 8]`, and the output `logits`, f32 `[batch, 10]`.
//!
//! ```no_run
//! use godwit_guest::{Graph, Tensor};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let graph = Graph::load("digits")?;
//!
//!     let pixels = [0.0_f32; 64];
//!     let image = Tensor::from_slice(&[1, 1, 8, 8], &pixels)?;
//!     let outputs = graph.run([("image", image)])?;
//!
//!     let logits = outputs.get("logits")?.to_vec::<f32>()?;
//!     let best = logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
//!     println!("class {}", best.map_or(0, |(class, _)| class));
//!     Ok(())
//! }
//! ```
//!
//! Build it with `cargo build --release --target wasm32-wasip2` and run the file:
//!
//! ```sh
//! godwit run --model digits=digits.onnx classify.wasm
//! ```
//!
//! # Types
//!
//! | type | meaning |
//! |---|---|
//! | [`Graph`] | a model that the host has compiled for a device, loaded by name or from bytes |
//! | [`Context`] | one execution context of a graph, for programs that need several |
//! | [`Tensor`] | dimensions, an element type ([`DType`]) and data, stored by the host |
//! | [`View`] | a tensor's data as a typed slice, copied into the guest once |
//! | [`Outputs`] | the outputs of a run, by name |
//! | [`Error`] | a [`Code`] for programs and a message for people |
//!
//! # Features
//!
//! None is enabled by default.
//!
//! - `image`: module `image`, pixels to tensors (channel order, normalisation, resizing).
//! - `topk`: module `topk`, scores to answers (softmax, the k best).
//! - `half`: the elements `f16` and `bf16`, from the crate [`half`](https://docs.rs/half).
//!
//! # Other targets than WebAssembly
//!
//! The crate compiles and links for every target, so that code around it can be unit-tested
//! natively. Calls to the host panic there.

#![deny(missing_docs)]

mod bindings;
mod dtype;
mod error;
mod graph;
#[cfg(feature = "image")]
pub mod image;
mod outputs;
mod shape;
mod tensor;
#[cfg(feature = "topk")]
pub mod topk;
mod view;

pub use dtype::{DType, Element};
pub use error::{Code, Error, Result};
pub use graph::{Context, Encoding, Graph, Target};
pub use outputs::Outputs;
pub use tensor::Tensor;
pub use view::View;

#[cfg(feature = "half")]
pub use half::{bf16, f16};
