//! The backend on the real library.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]

mod common;
mod limits;
mod models;
mod opening;
mod weights;
