//! The operator tests of the ONNX project, and the page about them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::shell::{program, root, run, succeeds};
use crate::{engines, native, say};

/// Where the cases are kept; `tests/coverage` looks for them there.
const FOLDER: &str = "target/coverage/onnx-1.22.0";

/// Newer packages leave the cases out.
const PIN: &str = "onnx==1.22.0 \
    --hash=sha256:1d0a2bdb15eb2b3cb65c438f3423d9620d14fdce32f92380e6bb1b2e09568ef5";
const WHEEL: &str = "onnx-1.22.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl";
const INSIDE: &str = "onnx/backend/test/data/node";
const CASES: usize = 1765;

/// The same file on every machine: only its data is used.
const PLATFORM: [&str; 9] = [
    "--only-binary=:all:",
    "--platform",
    "manylinux_2_28_x86_64",
    "--python-version",
    "3.11",
    "--implementation",
    "cp",
    "--abi",
    "cp311",
];

/// Fetches the cases, unless they are there.
pub(crate) fn install() -> Result<()> {
    let folder = root().join(FOLDER);
    let complete = folder.join("complete");
    if complete.exists() {
        say::done(format_args!("operator tests: the {CASES} cases are in {FOLDER}"));
        return Ok(());
    }
    say::step(format_args!(
        "operator tests: fetching the Python package onnx 1.22.0 (18 MB), which holds {CASES} cases"
    ));
    let wheel = download()?;
    let staged = root().join("target/downloads/onnx");
    let _ = fs::remove_dir_all(&staged);
    run(program("python3").args(["-m", "zipfile", "--extract"]).arg(wheel).arg(&staged))?;
    let cases = staged.join(INSIDE);
    let count = fs::read_dir(&cases).context("the package holds no operator tests")?.count();
    ensure!(count == CASES, "the package holds {count} operator tests instead of {CASES}");
    let _ = fs::remove_dir_all(&folder);
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::rename(&cases, &folder)?;
    fs::write(complete, "")?;
    fs::remove_dir_all(&staged)?;
    Ok(())
}

/// Downloads the wheel; pip refuses it when its SHA-256 is another.
fn download() -> Result<PathBuf> {
    ensure!(
        succeeds(program("python3").args(["-m", "pip", "--version"])),
        "the operator tests come in a Python package, and `python3 -m pip` does not work here.\n\
         What to do: install Python 3 with pip (on Debian: `apt-get install python3-pip`), then run the \
         same command again"
    );
    let downloads = root().join("target/downloads");
    fs::create_dir_all(&downloads)?;
    fs::write(downloads.join("onnx.txt"), format!("{PIN}\n"))?;
    let mut pip = program("python3");
    pip.args(["-m", "pip", "download", "--disable-pip-version-check", "--no-deps"]);
    pip.args(PLATFORM).args(["--require-hashes", "--find-links", "target/downloads"]);
    pip.args(["--dest", "target/downloads", "--requirement", "target/downloads/onnx.txt"]);
    run(&mut pip).with_context(|| {
        format!(
            "the package could not be fetched. Without a network, put {WHEEL} into target/downloads \
             and run again with PIP_NO_INDEX=1"
        )
    })?;
    Ok(downloads.join(WHEEL))
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
