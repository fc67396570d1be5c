//! The backend on a stand-in for NVIDIA's libraries: everything but the kernels' arithmetic.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]

mod devices;
mod faults;
mod memory;
mod runs;
mod standin;
