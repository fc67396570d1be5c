//! Guests on the real host: every program of `tests/guests`, and what needs more than one guest.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what these tests share is test code too"
)]

mod compiling;
mod features;
mod guests;
mod hosts;
mod models;
mod sandbox;
mod sealed;
mod sharing;
mod stage;
