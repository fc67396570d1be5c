//! Measurements.

use anyhow::Result;

use crate::shell::{cargo, run};
use crate::{guests, say, targets};

pub(crate) fn overhead(args: &[String]) -> Result<()> {
    targets::install()?;
    guests::build()?;
    say::step("bench: what the sandbox adds to one inference");
    let mut bench = cargo();
    bench.args(["run", "--release", "--package", "godwit-bench", "--", "overhead"]);
    run(bench.args(args))
}
