//! Programs of the workspace that chores run.

use std::path::PathBuf;

use anyhow::Result;

use crate::shell::{cargo, cargo_target, run};

/// The packages that are built for this machine: all but the programs for a WebAssembly host, which
/// have nothing to link against here.
pub(crate) const WORKSPACE: [&str; 3] = ["--workspace", "--exclude", "godwit-test-guests"];

/// Builds the program called `name` and returns its path.
///
/// Dependencies are built once for programs and tests alike. Cargo gives a dependency the features that
/// the chosen packages ask of it, those for tests included if a test is among the targets: so the
/// choice is always all packages and one test, although only `name` is wanted.
pub(crate) fn build(name: &str) -> Result<PathBuf> {
    run(cargo().arg("build").args(WORKSPACE).args(["--bin", name, "--test", "repository"]))?;
    Ok(cargo_target().join("debug").join(name))
}
