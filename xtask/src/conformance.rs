//! The suite for wasi-nn hosts, run on Godwit and, if asked, on the `wasmtime` command line.

use std::fs;
use std::os::unix::fs::symlink;

use anyhow::{Context as _, Result};

use crate::shell::{cargo, cargo_target, root, run};
use crate::{engines, guests, native, say, targets};

const MODELS: &str = "tests/wasi-nn/models";
const GODWIT: &str = "tests/wasi-nn/hosts/godwit.toml";
const WASMTIME: &str = "tests/wasi-nn/hosts/wasmtime.toml";
const PAGE: &str = "docs/conformance.md";
const RESULTS: &str = "docs/results/conformance.json";

/// Where other hosts are kept.
const PEERS: &str = "target/peers";
const VERSION: &str = "48.0.8";
/// What running a guest with wasi-nn needs; the whole command line takes twice as long to build.
const FEATURES: &str = "run,compile,cranelift,component-model,wasi-nn,parallel-compilation,\
                        pooling-allocator,logging,clap/default";
/// wasmtime looks for this library under a name that the Python package lacks.
const OPENVINO: &str = "target/engines/openvino/2026.4.1/libopenvino_c.so.2641";

pub(crate) fn judge(peer: bool, args: &[String]) -> Result<()> {
    targets::install()?;
    guests::build()?;
    let own = args.iter().any(|arg| arg.starts_with("--host"));
    if !own || peer {
        engines::install()?;
    }
    if peer {
        wasmtime()?;
    }
    say::step("conformance: running the suite");
    let suite = native::build("wasi-nn-suite")?;
    let mut judge = engines::command(&suite);
    judge.args(["--guests", guests::FOLDER, "--models", MODELS]);
    if !own || peer {
        judge.args(["--hosts", GODWIT]);
    }
    if peer {
        judge.args(["--hosts", WASMTIME, "--markdown-to", PAGE, "--json-to", RESULTS]);
        judge.args(["--binding", "Godwit"]);
    }
    run(judge.args(args))
}

/// Builds wasmtime's command line, and links OpenVINO under the name that wasmtime looks for.
fn wasmtime() -> Result<()> {
    let folder = root().join(PEERS);
    if folder.join("wasmtime/bin/wasmtime").exists() {
        say::done(format_args!("peer: wasmtime is in {PEERS}"));
    } else {
        say::step(format_args!("peer: building wasmtime {VERSION} (many minutes)"));
        let mut install = cargo();
        install.args(["install", "wasmtime-cli", "--version", VERSION, "--locked"]);
        install.args(["--no-default-features", "--features", FEATURES]);
        // Its answers are tested, not its speed.
        install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        install.env("CARGO_TARGET_DIR", cargo_target().join("peers/build"));
        run(install.arg("--root").arg(folder.join("wasmtime")))?;
        let _ = fs::remove_dir_all(cargo_target().join("peers/build"));
    }
    let link = folder.join("openvino/libopenvino_c.so");
    if let Some(parent) = link.parent() {
        fs::create_dir_all(parent)?;
    }
    let _ = fs::remove_file(&link);
    symlink(root().join(OPENVINO), &link)
        .with_context(|| format!("cannot create {}", link.display()))
}
