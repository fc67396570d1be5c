//! Fuzzing on a stable compiler: inputs are mutated from a saved corpus, without feedback on what they reach.
//!
//! What an input reaches is decided by how a [`Target`] reads it instead: bytes are choices between values that are
//! right, nearly right and absurd, so that most calls get past the first check.
//!
//! A failure is a panic, a call that does not end, memory that does not come back, or the end of the process. The seed
//! and the number of the input are on disk before it runs; [`Session::input`] makes it again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of this is test code"
)]

mod calls;
mod component;
mod config;
mod models;
mod module;
mod mutate;
mod session;

pub use mutate::mutate;
pub use session::{Count, Session};

/// What is fuzzed.
pub trait Target {
    /// Tries one input and says how many calls that were, or how it failed.
    ///
    /// # Errors
    ///
    /// What is wrong with the code under test.
    fn run(&mut self, input: &[u8]) -> Result<u64, String>;

    /// Inputs that lead somewhere, beside those that are saved.
    fn seeds(&self) -> Vec<Vec<u8>>;
}

type Open = fn() -> Box<dyn Target>;

/// The targets by their names.
pub const TARGETS: [(&str, Open); 7] = [
    ("witx-fake", || Box::new(module::Module::new(calls::On::Fake))),
    ("witx-cpu", || Box::new(module::Module::new(calls::On::Cpu))),
    ("component-fake", || Box::new(component::Component::new(calls::On::Fake))),
    ("component-cpu", || Box::new(component::Component::new(calls::On::Cpu))),
    ("onnx", || Box::new(models::Onnx)),
    ("openvino", || Box::new(models::Openvino)),
    ("config", || Box::new(config::Config::new())),
];
