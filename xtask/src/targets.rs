//! The WebAssembly targets guests are compiled for.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};

use crate::shell::{capture, program, run, rustc, succeeds};
use crate::{debian, say};

/// Components.
pub(crate) const P2: &str = "wasm32-wasip2";
/// Core modules, as guests of other hosts are built.
pub(crate) const P1: &str = "wasm32-wasip1";

/// Installs the targets that the compiler lacks.
pub(crate) fn install() -> Result<()> {
    let mut missing = Vec::new();
    for target in [P2, P1] {
        if !is_installed(target)? {
            missing.push(target);
        }
    }
    if missing.is_empty() {
        say::done(format_args!("WebAssembly targets: {P2} and {P1} are installed"));
        return Ok(());
    }
    say::step(format_args!(
        "WebAssembly targets: installing {}, for compiling guests",
        missing.join(" and ")
    ));
    let Err(by_rustup) = with_rustup(&missing) else { return Ok(()) };
    say::detail(format_args!("rustup failed: {by_rustup:#}"));
    say::detail("building them from Debian's packages instead");
    debian::install(&missing).map_err(|by_debian| {
        anyhow!(
            "the WebAssembly targets {} are missing and could not be installed.\n\
             \x20 with rustup: {by_rustup:#}\n\
             \x20 from Debian's packages: {by_debian:#}\n\
             What to do: with the network up and rustup installed, `rustup target add {}`;\n\
             for a compiler that the system's packages brought, install the package of the same \
             version that holds its {P2} standard library, or use rustup.\n\
             Then run the same command again.",
            missing.join(" and "),
            missing.join(" "),
        )
    })
}

/// Whether the compiler finds a standard library for `target`.
pub(crate) fn is_installed(target: &str) -> Result<bool> {
    let folder = capture(rustc().args(["--print", "target-libdir", "--target", target]))
        .with_context(|| {
            format!("the compiler does not know {target}: Rust 1.95 or later is needed")
        })?;
    let Ok(entries) = fs::read_dir(folder.trim()) else { return Ok(false) };
    Ok(entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    }))
}

/// Where the compiler's own libraries are.
pub(crate) fn sysroot() -> Result<PathBuf> {
    Ok(PathBuf::from(capture(rustc().args(["--print", "sysroot"]))?.trim()))
}

fn with_rustup(missing: &[&str]) -> Result<()> {
    if !succeeds(program("rustup").arg("--version")) {
        return Err(anyhow!("rustup is not installed"));
    }
    let sysroot = sysroot()?;
    let managed = capture(program("rustup").args(["toolchain", "list", "--verbose"]))?
        .lines()
        .any(|line| line.trim_end().ends_with(&*sysroot.to_string_lossy()));
    let Some(toolchain) = sysroot.file_name().filter(|_| managed) else {
        return Err(anyhow!("it does not manage the compiler in use"));
    };
    let mut command = program("rustup");
    run(command.args(["target", "add", "--toolchain"]).arg(toolchain).args(missing))
}
