//! What holds for the repository as a whole: its commands, its pages, and the files that it ships.

#![allow(clippy::unwrap_used, reason = "a panic here is a failed test")]

mod chores;
mod links;
mod shipped_files;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The files that git knows and that exist.
fn tracked_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(&root).output().unwrap();
    assert!(listed.status.success(), "git does not list the repository's files");
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed.split_terminator('\0').map(|file| root.join(file)).filter(|file| file.exists()).collect()
}
