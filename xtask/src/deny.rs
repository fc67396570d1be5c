//! What the dependencies bring along: licences, duplicates, sources, known vulnerabilities.

use anyhow::Result;

use crate::say;
use crate::shell::{cargo, install, run, succeeds};

/// Known to build with the compiler this repository asks for.
const VERSION: &str = "0.20.2";

/// Checks the dependencies against `deny.toml`.
pub(crate) fn check() -> Result<()> {
    install("cargo-deny", VERSION, "what checks dependencies")?;
    say::step("deny: licences, duplicate versions, sources and banned crates, by deny.toml");
    run(cargo().args(["deny", "check", "licenses", "bans", "sources"]))?;
    say::step("deny: known vulnerabilities, from the RustSec advisory database");
    if succeeds(cargo().args(["deny", "fetch", "db"])) {
        return run(cargo().args(["deny", "check", "advisories"]));
    }
    say::detail("NOT CHECKED: the advisory database cannot be fetched from here.");
    say::detail("What to do: run `cargo xtask deny` where the network reaches it before a release");
    Ok(())
}
