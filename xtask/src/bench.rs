//! Benchmarks.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::shell::{cargo, cargo_target, root, run};
use crate::{say, servers, targets};

/// Where measurements and what they need are kept.
const FOLDER: &str = "target/bench";

pub(crate) fn overhead(args: &[String]) -> Result<()> {
    let guest = guest()?;
    say::step("bench: what the sandbox adds to an inference");
    run(bench("overhead").arg("--guest").arg(guest).args(args))
}

pub(crate) fn remote(args: &[String]) -> Result<()> {
    servers::install()?;
    let guest = guest()?;
    say::step("bench: what a guest's call to a server costs, compared with a plain client's");
    run(bench("remote").arg("--guest").arg(guest).args(args))
}

pub(crate) fn worker(args: &[String]) -> Result<()> {
    say::step("bench: what a worker process adds to an inference");
    run(bench("worker").args(args))
}

pub(crate) fn peer(args: &[String]) -> Result<()> {
    let guest = guest()?;
    let models = root().join(FOLDER).join("models");
    say::step("bench: writing the models, and where the libraries are");
    run(bench("models").arg(&models))?;
    say::step("bench: what wasmtime-wasi-nn adds to an inference");
    let mut bench = cargo();
    bench.args(["run", "--release", "--manifest-path", "tests/bench-peer/Cargo.toml"]);
    bench.arg("--target-dir").arg(cargo_target().join("bench-peer")).arg("--");
    bench.arg("--guest").arg(guest).arg("--models").arg(models);
    bench.arg("--out").arg(root().join(FOLDER).join("peer.json"));
    run(bench.args(args))
}

fn bench(name: &str) -> Command {
    let mut bench = cargo();
    bench.args(["run", "--release", "--package", "godwit-bench", "--", name]);
    bench
}

/// It stays out of target/guests, since it is neither a test nor an example.
fn guest() -> Result<PathBuf> {
    targets::install()?;
    say::step("bench: building the guest");
    let mut build = cargo();
    build.args(["build", "--profile", "guest", "--target", targets::P2]);
    run(build.args(["--package", "bench-guest"]))?;
    Ok(cargo_target().join(targets::P2).join("guest/bench-guest.wasm"))
}
