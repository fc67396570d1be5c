//! Every test there is.

use anyhow::Result;

use crate::native::WORKSPACE;
use crate::shell::{cargo, run};
use crate::{coverage, disk, engines, guests, migraphx, minilm, nextest, say, servers, targets};

pub(crate) fn run_all(args: &[String]) -> Result<()> {
    disk::look();
    targets::install()?;
    let has_nextest = nextest::is_installed();
    minilm::install()?;
    coverage::install()?;
    guests::build()?;
    engines::install()?;
    servers::install()?;
    migraphx::install()?;

    say::step("tests: unit, conformance and end-to-end (test guests run inside the latter)");
    let mut tests = cargo();
    if has_nextest {
        tests.args(["nextest", "run"]).args(WORKSPACE).args(args);
    } else {
        // Documentation tests are a step of their own below.
        tests.args(["test", "--lib", "--bins", "--tests", "--no-fail-fast"]);
        tests.args(WORKSPACE).args(args);
    }
    let tests = run(&mut tests);

    if !args.is_empty() {
        tests?;
        say::step(
            "done: the tests asked for passed; documentation tests run without arguments only",
        );
        return Ok(());
    }
    say::step("tests: the examples in the documentation");
    let documentation = run(cargo().args(["test", "--doc", "--no-fail-fast"]).args(WORKSPACE));
    say::step("summary");
    say::detail(format_args!("unit, conformance, end-to-end: {}", outcome(&tests)));
    say::detail(format_args!("documentation: {}", outcome(&documentation)));
    tests.and(documentation)
}

fn outcome(result: &Result<()>) -> &'static str {
    if result.is_ok() { "passed" } else { "FAILED (see above)" }
}
