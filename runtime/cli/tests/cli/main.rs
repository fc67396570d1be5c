//! The `godwit` command as a user meets it: what is typed, what is printed, how it ends.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic in a test is a failed test")]

mod apps;
mod audit;
mod bad_input;
mod compile;
mod config;
#[cfg(unix)]
mod deadlines;
mod devices;
mod digits;
mod engines;
mod help;
mod inspect;
mod isolate;
mod json;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod rocm;
mod run;
mod sandbox;
mod verify;
mod wasi_nn;
