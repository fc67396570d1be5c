//! The backend on the real library.

#![allow(clippy::unwrap_used, reason = "a panic here is a failed test")]

mod common;
mod conformance;
mod models;
