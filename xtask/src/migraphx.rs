//! AMD's MIGraphX and HIP for machines without AMD hardware, for the tests of the ROCm backend.
//!
//! Debian sid has both. Their packages are unpacked into a folder, with the C library they need. A program
//! built here runs with that folder's loader and libraries (`ld-linux-x86-64.so.2 --library-path ... PROGRAM`),
//! which needs no privilege.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::debian::{Apt, mirrors};
use crate::say;
use crate::shell::{capture, program, root, succeeds};

/// What tests look for; `complete` in it names the packages.
const FOLDER: &str = "target/migraphx";
const SUITE: &str = "sid";

/// Tested with 7.1.1. Later releases of this major version are taken as well: sid keeps only its newest.
const MAJOR: &str = "7.";
const LIBRARY: &str = "usr/lib/x86_64-linux-gnu/libmigraphx_c.so.3";

/// The library and its headers come first.
const MIGRAPHX: [&str; 8] = [
    "libmigraphx-c3",
    "libmigraphx-c-dev",
    "migraphx-tools",
    "libprotobuf32t64",
    "libsqlite3-0",
    "libstdc++6",
    "libgcc-s1",
    "libc6",
];

/// The runtime that finds GPUs, or reports why there is none.
const HIP: [&str; 18] = [
    "libamdhip64-6",
    "libamdhip64-dev",
    "libamd-comgr3",
    "libbsd0",
    "libdrm-amdgpu1",
    "libdrm2",
    "libedit2",
    "libelf1t64",
    "libffi8",
    "libhsa-runtime64-1",
    "libllvm21",
    "libmd0",
    "libnuma1",
    "libtinfo6",
    "libxml2-16",
    "libz3-4",
    "libzstd1",
    "zlib1g",
];

/// Code for GPUs and for Python, half a gigabyte.
const UNUSED: [&str; 3] = ["libmigraphx_device.so", "libmigraphx_gpu.so", "libmigraphx_py.so"];

/// Unpacks both, unless they are there.
pub(crate) fn install() -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        say::done(
            "MIGraphX: not available, since this machine is not x86-64 Linux; its tests will report that",
        );
        return Ok(());
    }
    let folder = root().join(FOLDER);
    let complete = folder.join("complete");
    if complete.exists() {
        say::done(format_args!("MIGraphX: AMD's library for tests is in {FOLDER}"));
        return Ok(());
    }
    say::step("MIGraphX: fetching AMD's library and HIP from Debian sid for tests (93 MB once)");
    for name in ["apt-get", "dpkg-deb"] {
        ensure!(
            succeeds(program(name).arg("--version")),
            "MIGraphX comes in Debian packages, and there is no {name} here.\n\
             What to do: run this on Debian or Ubuntu, in a container for instance"
        );
    }
    let staged = root().join("target/migraphx.staged");
    let _ = fs::remove_dir_all(&staged);
    fs::create_dir_all(&staged)?;
    let outcome = fetch(&staged);
    let downloads = root().join("target/downloads/migraphx");
    if outcome.is_ok() {
        let _ = fs::remove_dir_all(&downloads);
    }
    outcome?;
    let _ = fs::remove_dir_all(&folder);
    fs::rename(&staged, &folder)?;
    Ok(())
}

fn fetch(staged: &Path) -> Result<()> {
    let mut why = anyhow::anyhow!("apt is not configured with a Debian mirror");
    for mirror in mirrors()? {
        match fetch_from(&mirror, staged) {
            Ok(()) => return Ok(()),
            Err(error) => why = error,
        }
    }
    Err(why.context(
        "MIGraphX could not be fetched.\nWhat to do: configure apt with a Debian mirror that has sid, then \
         run the same command again",
    ))
}

fn fetch_from(mirror: &str, staged: &Path) -> Result<()> {
    let apt = Apt::new(&root().join("target/downloads/migraphx"), mirror, SUITE)
        .context("Debian sid is out of reach")?;
    let mut chosen = Vec::new();
    for package in MIGRAPHX.into_iter().chain(HIP) {
        // This suite has only the newest version.
        let Some(version) = apt.versions(package)?.into_iter().next() else {
            bail!("Debian sid no longer has {package}: update its name in xtask/src/migraphx.rs");
        };
        let is_known = package != "libmigraphx-c3" || version.starts_with(MAJOR);
        ensure!(is_known, "Debian sid has MIGraphX {version}; this repository supports {MAJOR}x");
        chosen.push(format!("{package}={version}"));
    }
    say::detail(format_args!("unpacking {} packages into {FOLDER}", chosen.len()));
    for deb in apt.download(&chosen)? {
        capture(program("dpkg-deb").arg("-x").arg(deb).arg(staged.join("root")))?;
    }
    ensure!(
        staged.join("root").join(LIBRARY).exists(),
        "Debian's MIGraphX does not contain {LIBRARY}"
    );
    let own = staged.join("root/usr/lib/x86_64-linux-gnu/migraphx/lib");
    for entry in fs::read_dir(&own)?.flatten() {
        let name = entry.file_name();
        if UNUSED.iter().any(|unused| name.to_string_lossy().starts_with(unused)) {
            fs::remove_file(entry.path())?;
        }
    }
    fs::write(staged.join("complete"), chosen.join("\n") + "\n")?;
    let version = chosen.first().map(String::as_str).unwrap_or_default();
    say::detail(format_args!("{version} is in {FOLDER}"));
    Ok(())
}
