//! What every backend must do, as one suite of `async fn`s that read as sentences.
//!
//! A backend joins with a [`Subject`]: itself, a device, and [`Models`] that its device can read. The
//! line `conformance!(name, subject())` then makes a `#[test]` of every case, for the plain backend and
//! for the backend under all policy wrappers at once. Each wrapper by itself is held to every case on two fakes,
//! by `conformance!(name, subject(), each_wrapper)`: what it loses, it loses on any backend.
//!
//! The cases are listed in one place, `list.rs`. A case that is not listed there does not compile: it is
//! dead code, which this crate denies.

#![deny(dead_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the cases are tests: a panic is how they fail"
)]

mod bounded;
mod list;
mod memory;
pub mod models;
mod open;
pub mod planted;
mod subject;
mod tensors;
mod themes;
pub mod wrappers;

pub use bounded::{check, check_within};
pub use list::{Listed, trials};
pub use memory::NativeBlock;
pub use models::{BadModel, Case, Models, Reference};
pub use subject::{Held, Subject};

each_case!(export);
