//! Measurements.

use std::path::PathBuf;

use anyhow::Result;

use crate::shell::{cargo, cargo_target, root, run};
use crate::{say, servers, targets};

/// Where measurements and what they need are kept.
const FOLDER: &str = "target/bench";

pub(crate) fn overhead(args: &[String]) -> Result<()> {
    let guest = guest()?;
    say::step("bench: what the sandbox adds to one inference");
    let mut bench = cargo();
    bench.args(["run", "--release", "--package", "godwit-bench", "--", "overhead", "--guest"]);
    run(bench.arg(guest).args(args))
}

pub(crate) fn remote(args: &[String]) -> Result<()> {
    servers::install()?;
    let guest = guest()?;
    say::step("bench: what a guest's call to a server takes beyond a bare client's");
    let mut bench = cargo();
    bench.args(["run", "--release", "--package", "godwit-bench", "--", "remote", "--guest"]);
    run(bench.arg(guest).args(args))
}

pub(crate) fn worker(args: &[String]) -> Result<()> {
    say::step("bench: what a process of its own adds to an inference");
    let mut bench = cargo();
    bench.args(["run", "--release", "--package", "godwit-bench", "--", "worker"]);
    run(bench.args(args))
}

pub(crate) fn peer(args: &[String]) -> Result<()> {
    let guest = guest()?;
    let models = root().join(FOLDER).join("models");
    say::step("bench: writing the models, and where the libraries are");
    let mut writer = cargo();
    writer.args(["run", "--release", "--package", "godwit-bench", "--", "models"]);
    run(writer.arg(&models))?;
    say::step("bench: what wasmtime-wasi-nn adds to one inference");
    let mut bench = cargo();
    bench.args(["run", "--release", "--manifest-path", "tests/bench-peer/Cargo.toml"]);
    bench.arg("--target-dir").arg(cargo_target().join("bench-peer")).arg("--");
    bench.arg("--guest").arg(guest).arg("--models").arg(models);
    bench.arg("--out").arg(root().join(FOLDER).join("peer.json"));
    run(bench.args(args))
}

/// It stays out of target/guests: it is no test and no example.
fn guest() -> Result<PathBuf> {
    targets::install()?;
    say::step("bench: the guest that is measured");
    let mut build = cargo();
    build.args(["build", "--profile", "guest", "--target", targets::P2]);
    run(build.args(["--package", "bench-guest"]))?;
    Ok(cargo_target().join(targets::P2).join("guest/bench-guest.wasm"))
}
