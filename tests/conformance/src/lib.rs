//! What every backend must do, as one suite of `async fn`s that read as sentences.
//!
//! A backend joins with a [`Subject`]: itself, a device, and [`Models`] that its device can read. The
//! line `conformance!(name, subject())` then makes a `#[test]` of every case, for the plain backend and
//! for the backend under each policy wrapper, so that a wrapper which loses a property is found too.
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
pub mod models;
mod open;
mod subject;
mod tensors;
mod themes;
pub mod wrappers;

pub use bounded::check;
pub use list::{Listed, trials};
pub use models::{BadModel, Case, Models, Reference};
pub use subject::{Held, Subject};

each_case!(export);
