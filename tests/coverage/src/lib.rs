//! The operator tests of the onnx Python package, run through the contract on every backend.
//!
//! Each case is a model of one operator, or of the operators that one is defined by, with inputs and the
//! outputs they must give. A case is loaded behind the same check as in production and judged by what
//! comes back ([`Verdict`]). A native engine may end the process it is in, so cases run in a child
//! process ([`worker`]) that is watched and started anew ([`supervise`]).
//!
//! The cases are data of the ONNX project (Apache-2.0), fetched by `cargo xtask coverage` and
//! `cargo xtask setup`; no copy is kept here.

pub mod backends;
pub mod baseline;
pub mod cases;
mod child;
pub mod compare;
pub mod exclude;
pub mod hostile;
pub mod judge;
pub mod report;
pub mod supervise;
pub mod tensors;
pub mod verdict;
pub mod worker;

pub use cases::Case;
pub use verdict::{Outcome, Verdict};
