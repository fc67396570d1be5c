//! What a model file says before any device sees it.
//!
//! Native libraries parse model files with code that trusts them: lengths are allocated before they
//! are checked, nesting is followed until the stack ends, and a file of 85 bytes can ask for gigabytes.
//! This crate reads the same files first, in safe Rust, and refuses what no honest model says:
//!
//! - [`detect()`] and [`check_claimed`] tell what bytes are, whatever their name promises;
//! - [`onnx::summarize`] and [`openvino::summarize`] give the [`Summary`] a person or a placement
//!   policy wants: signature, operators, parameters;
//! - [`precheck()`] is the gate in front of a backend: all of the above, held to [`Limits`].
//!
//! Reading takes time linear in the file, memory proportional to the names and small constants in
//! it (never to a length it claims), and a stack bounded by [`Limits::max_depth`].
//!
//! It is a filter, not a proof. A model that passes may still compute for a long time or build a
//! large tensor from values known only while it runs; deadlines and budgets answer that.
//!
//! ```
//! use godwit_backend::{ErrorKind, Model};
//! use godwit_model::{Limits, precheck};
//!
//! let model = Model::onnx("digits", *b"<!DOCTYPE html><html>...");
//! let error = precheck(&model, &Limits::default()).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::InvalidEncoding);
//! assert!(error.message().contains("an HTML page"));
//! ```

#![deny(missing_docs)]

mod detect;
mod foreign;
mod limits;
pub mod onnx;
pub mod openvino;
mod order;
mod precheck;
mod protobuf;
mod summary;
pub mod text;

pub use detect::{check_claimed, detect};
pub use limits::Limits;
pub use order::has_cycle;
pub use precheck::precheck;
pub use summary::{Format, Interface, Summary};
