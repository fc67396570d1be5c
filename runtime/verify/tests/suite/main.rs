//! The verifier against devices whose faults are known.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]

mod bisect;
mod devices;
mod equivalence;
mod faults;
mod golden;
mod interpreter;
mod page;
mod recordings;
