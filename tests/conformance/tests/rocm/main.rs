//! The ROCm backend on AMD's own library, without AMD hardware: by MIGraphX's reference implementation.
//!
//! This program starts itself again under the loader that the library needs, and has no harness but
//! `libtest-mimic`'s, which lists and runs tests in the ways that cargo and nextest ask for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]

mod agreement;
mod behaviour;
mod subject;

use godwit_conformance::{Listed, conformance_list, trials};
use godwit_fixtures::migraphx;
use libtest_mimic::Arguments;

fn main() {
    migraphx::enter().unwrap();
    let arguments = Arguments::from_args();
    let suite: Vec<Listed> = conformance_list!(crate::subject::rocm());
    let suite = trials("suite", suite.into_iter().map(Into::into));
    let own = [("agreement", agreement::TESTS), ("behaviour", behaviour::TESTS)];
    let own = own.into_iter().flat_map(|(module, tests)| trials(module, tests.iter().copied()));
    libtest_mimic::run(&arguments, suite.chain(own).collect()).exit();
}
