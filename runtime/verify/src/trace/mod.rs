//! Recordings on disk.
//!
//! A trace is a folder:
//!
//! ```text
//! trace.json            loads and runs; tensors by dtype, shape and digest
//! tensors/DIGEST.bin    a tensor's bytes, row-major, little-endian, by their SHA-256
//! ```
//!
//! `trace.json` is written last, so a folder with one is whole. Reading trusts nothing: every length and
//! every digest is checked, and no name in it is used as a path unless it is a digest.

mod format;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub use read::{TraceLimits, read};
pub use write::write;

const FILE: &str = "trace.json";
const TENSORS: &str = "tensors";
