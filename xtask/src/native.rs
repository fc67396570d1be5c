//! Programs of the workspace that chores run.

use std::path::PathBuf;

use anyhow::Result;

use crate::shell::{cargo, cargo_target, run};

/// The packages that are built for this machine: all but the test guests, whose imports only a WebAssembly
/// host provides.
pub(crate) const WORKSPACE: [&str; 3] = ["--workspace", "--exclude", "godwit-test-guests"];

/// Builds the program called `name` and returns its path.
///
/// Selecting all packages and one test, although only `name` is wanted, makes cargo build each dependency
/// once for programs and tests alike: it takes the union of the features that the selected targets request.
pub(crate) fn build(name: &str) -> Result<PathBuf> {
    run(cargo().arg("build").args(WORKSPACE).args(["--bin", name, "--test", "repository"]))?;
    Ok(cargo_target().join("debug").join(name))
}
