//! The test runner.

use crate::say;
use crate::shell::{cargo, run, succeeds};

/// Known to build with the compiler this repository asks for.
const VERSION: &str = "0.9.143";

/// Installs cargo-nextest unless some version is there; says so when that fails. Returns whether it is
/// there.
pub(crate) fn install() -> bool {
    if succeeds(cargo().args(["nextest", "--version"])) {
        say::done("test runner: cargo-nextest is installed");
        return true;
    }
    say::step("test runner: installing cargo-nextest, which ends tests that hang (some minutes)");
    match run(cargo().args(["install", "cargo-nextest", "--locked", "--version", VERSION])) {
        Ok(()) => true,
        Err(error) => {
            say::detail(format_args!("{error:#}"));
            say::detail("going on with `cargo test`: slower, and a test that hangs is not ended");
            false
        }
    }
}
