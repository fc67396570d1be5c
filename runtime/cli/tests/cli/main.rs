//! The `godwit` command as a user meets it: what is typed, what is printed, how it ends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod apps;
mod audit;
mod bad_input;
mod compile;
mod config;
#[cfg(target_os = "linux")]
mod damage;
#[cfg(unix)]
mod deadlines;
mod devices;
mod digits;
mod engines;
mod help;
#[cfg(unix)]
mod hostile_text;
mod inspect;
mod isolate;
mod json;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod rocm;
mod run;
mod sandbox;
mod verify;
mod wasi_nn;
