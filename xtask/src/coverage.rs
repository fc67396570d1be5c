//! The operator tests of the ONNX project, and the page about them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::shell::{root, run};
use crate::wheel::Wheel;
use crate::{engines, native, say};

/// Where the cases are kept; `tests/coverage` looks for them there.
const FOLDER: &str = "target/coverage/onnx-1.22.0";

/// Newer packages lack the cases. Only the data of this file is used, on every machine.
const WHEEL: Wheel = Wheel {
    package: "onnx",
    version: "1.22.0",
    file: "onnx-1.22.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
    sha256: "1d0a2bdb15eb2b3cb65c438f3423d9620d14fdce32f92380e6bb1b2e09568ef5",
    platform: &[
        "--only-binary=:all:",
        "--platform",
        "manylinux_2_28_x86_64",
        "--python-version",
        "3.11",
        "--implementation",
        "cp",
        "--abi",
        "cp311",
    ],
};
const INSIDE: &str = "onnx/backend/test/data/node";
const CASES: usize = 1765;

/// Fetches the cases, unless they are there.
pub(crate) fn install() -> Result<()> {
    let folder = root().join(FOLDER);
    let complete = folder.join("complete");
    if complete.exists() {
        say::done(format_args!("operator tests: the {CASES} cases are in {FOLDER}"));
        return Ok(());
    }
    say::step(format_args!(
        "operator tests: fetching the Python package onnx 1.22.0 (18 MB) with {CASES} cases"
    ));
    WHEEL.unpack("the operator tests", |package| take(package, &folder))?;
    fs::write(complete, "")?;
    Ok(())
}

fn take(package: &Path, folder: &Path) -> Result<()> {
    let cases = package.join(INSIDE);
    let count = fs::read_dir(&cases).context("the package contains no operator tests")?.count();
    ensure!(count == CASES, "the package contains {count} operator tests instead of {CASES}");
    let _ = fs::remove_dir_all(folder);
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::rename(&cases, folder)?;
    Ok(())
}

/// Runs every case on every backend and writes the page.
pub(crate) fn report(args: &[String]) -> Result<()> {
    install()?;
    engines::install()?;
    say::step("coverage: building the program that runs the cases (minutes the first time)");
    let coverage = native::build("godwit-coverage")?;
    say::step(format_args!("coverage: {CASES} operator tests on every backend"));
    let mut report = engines::command(&coverage);
    run(report.args(["report", "--cases", FOLDER]).args(args))
        .context("an operator gives a wrong answer or crashes; the lines above name the cases")
}
