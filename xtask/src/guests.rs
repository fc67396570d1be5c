//! Guests: every example and every test guest as a `.wasm` file in `target/guests`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::say;
use crate::shell::{cargo, cargo_target, root, run};
use crate::targets::{P1, P2};

/// Where tests, the demo and users find guests.
pub(crate) const FOLDER: &str = "target/guests";

const EXAMPLES: [&str; 2] = ["digits", "semantic-search"];
const TEST_GUESTS: &str = "godwit-test-guests";
const SUITE_GUEST: &str = "wasi-nn-suite-guest";

/// The maximum size of `digits` in bytes: it shows how small a guest can be.
const DIGITS_LIMIT: u64 = 200_000;

pub(crate) fn build() -> Result<()> {
    say::step(format_args!("guests: building them for WebAssembly into {FOLDER}"));
    let (modules, components): (Vec<_>, Vec<_>) =
        test_guests()?.into_iter().partition(|name| name.starts_with("witx_"));
    let mut built = Vec::new();
    // One at a time: packages built together share their dependencies' features, which makes them larger.
    for example in EXAMPLES {
        built.extend(compile(example, &[example.to_owned()], P2)?);
    }
    built.extend(compile(TEST_GUESTS, &components, P2)?);
    built.extend(compile(TEST_GUESTS, &modules, P1)?);
    built.extend(compile(SUITE_GUEST, &["wasi-nn-component".to_owned()], P2)?);
    built.extend(compile(SUITE_GUEST, &["wasi-nn-module".to_owned()], P1)?);
    publish(&built)
}

/// The test guests by the names of their sources.
fn test_guests() -> Result<Vec<String>> {
    let folder = root().join("tests/guests/src/bin");
    let Ok(entries) = fs::read_dir(&folder) else { return Ok(Vec::new()) };
    let mut names = BTreeSet::new();
    for entry in entries {
        let path = entry?.path();
        let is_source = path.extension().is_some_and(|end| end == "rs");
        if is_source || path.join("main.rs").exists() {
            let name =
                path.file_stem().with_context(|| format!("{} has no name", path.display()))?;
            names.insert(name.to_string_lossy().into_owned());
        }
    }
    Ok(names.into_iter().collect())
}

fn compile(package: &str, names: &[String], target: &str) -> Result<Vec<PathBuf>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut command = cargo();
    command.args(["build", "--profile", "guest", "--target", target, "--package", package]);
    for name in names {
        command.args(["--bin", name]);
    }
    run(&mut command)?;
    let folder = cargo_target().join(target).join("guest");
    Ok(names.iter().map(|name| folder.join(format!("{name}.wasm"))).collect())
}

/// Copies the guests and removes others: the guest of a deleted source would keep its tests passing.
fn publish(built: &[PathBuf]) -> Result<()> {
    let folder = root().join(FOLDER);
    fs::create_dir_all(&folder)?;
    let mut kept = BTreeSet::new();
    let mut digits = 0;
    for from in built {
        let name = from.file_name().with_context(|| format!("{} has no name", from.display()))?;
        let bytes = fs::read(from).with_context(|| format!("{} was not built", from.display()))?;
        let to = folder.join(name);
        if fs::read(&to).ok().as_ref() != Some(&bytes) {
            fs::write(&to, &bytes)?;
        }
        let size = bytes.len() as u64;
        if name == "digits.wasm" {
            digits = size;
        }
        say::detail(format_args!("{:>10}  {FOLDER}/{}", say::size(size), name.to_string_lossy()));
        kept.insert(name.to_owned());
    }
    remove_others(&folder, &kept)?;
    if digits > DIGITS_LIMIT {
        bail!(
            "digits.wasm has {digits} bytes and may have {DIGITS_LIMIT}: `cargo tree --package digits` \
             lists its dependencies"
        );
    }
    Ok(())
}

fn remove_others(folder: &Path, kept: &BTreeSet<std::ffi::OsString>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_guest = entry.path().extension().is_some_and(|end| end == "wasm");
        if is_guest && !kept.contains(&entry.file_name()) {
            say::detail(format_args!(
                "removing {}: no source",
                entry.file_name().to_string_lossy()
            ));
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
