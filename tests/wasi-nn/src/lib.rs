//! A conformance suite for any wasi-nn host: components, modules and what each must do.
//!
//! - `guest/`: one component and one core module, each with every case. They import `wasi:nn`
//!   (`wasi_ephemeral_nn`) and `wasi:cli`, nothing else.
//! - `models/`: what they ask about, as ONNX and as OpenVINO IR. `model.onnx`, `model.xml` and `model.bin`
//!   lie in a folder of the model's name.
//! - `expected.toml`: the [`Case`]s. What each is about, where the standard says so, what the guest prints.
//! - [`Host`]: a command template, started once a case, and so is judged whatever has a command line.
//!
//! What became of a case is an [`Outcome`].

#![deny(missing_docs)]

mod case;
mod host;
mod outcome;
mod process;
mod report;
mod suite;

pub use case::{Abi, Case, Level, cases};
pub use host::{Host, read_hosts};
pub use outcome::Outcome;
pub use report::{Report, Verdict, markdown};
pub use suite::Suite;
