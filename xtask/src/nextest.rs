//! The test runner.

use crate::say;
use crate::shell::install;

/// Known to build with the compiler this repository asks for.
const VERSION: &str = "0.9.143";

/// Installs cargo-nextest unless some version is there. Returns whether it is there.
pub(crate) fn is_installed() -> bool {
    let installed =
        install("cargo-nextest", VERSION, "the test runner, which also ends tests that hang");
    if let Err(error) = &installed {
        say::detail(format_args!("{error:#}"));
        say::detail("continuing with `cargo test`: slower, and a test that hangs is not ended");
    }
    installed.is_ok()
}
