//! AMD's MIGraphX where the machine has none: Debian's build of it, unpacked by `cargo xtask setup`.
//!
//! It needs a C library of its own. So a program that is to load it is started a second time, by the
//! loader that belongs to that C library.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is below the folder that packages were unpacked into.
const LOADER: &str = "usr/lib64/ld-linux-x86-64.so.2";
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

/// The folder that packages were unpacked into; `None` before they were.
pub fn root() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/migraphx");
    folder.join("complete").exists().then(|| folder.join("root").canonicalize().ok()).flatten()
}

/// The library.
///
/// # Panics
///
/// When it is missing.
pub fn library() -> PathBuf {
    let root = root().expect("MIGraphX is not unpacked: run `cargo xtask setup`");
    root.join(LIBRARIES).join("libmigraphx_c.so.3")
}

/// `program` under the loader.
///
/// # Panics
///
/// When there is no loader.
pub fn command(program: &Path) -> Command {
    let root = root().expect("MIGraphX is not unpacked: run `cargo xtask setup`");
    let libraries = root.join(LIBRARIES);
    let own = libraries.join("migraphx/lib");
    let mut command = Command::new(root.join(LOADER));
    command.arg("--library-path").arg(format!("{}:{}", libraries.display(), own.display()));
    command.arg(program);
    command
}

/// Starts this program again under the loader, unless that is where it is. Where nothing is unpacked it
/// goes on as it is, for its tests to be listed and to fail.
///
/// # Panics
///
/// When it cannot be started.
#[cfg(unix)]
pub fn enter() {
    use std::os::unix::process::CommandExt as _;

    let Some(root) = root() else { return };
    let own = env::current_exe().expect("the path of this program");
    // A program that the loader started takes the loader for itself.
    if root.join(LOADER).canonicalize().is_ok_and(|loader| loader == own) {
        return;
    }
    let failed = command(&own).args(env::args_os().skip(1)).exec();
    panic!("the loader cannot be started: {failed}");
}

/// Nothing, for the packages are for Linux.
#[cfg(not(unix))]
pub fn enter() {}
