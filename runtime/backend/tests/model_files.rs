//! What a large model file costs, in the system's figures.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and a process tells its figure on its output"
)]

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use godwit_backend::{Digest, Encoding, Hashing, Model, ModelFiles};

/// Larger than anything else that the process holds.
const SIZE: u64 = ModelFiles::MAPPED_FROM + (64 << 20);

const SLACK: u64 = 16 << 20;

/// A file of zeros that takes no room on the disk, but for what is written at its end.
fn sparse(folder: &Path, name: &str, end: &[u8]) -> PathBuf {
    let path = folder.join(name);
    let mut file = File::create(&path).unwrap();
    file.set_len(SIZE - end.len() as u64).unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(end).unwrap();
    path
}

/// Bytes of this process' memory that are of no file.
fn anonymous() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10
}

/// What a process of its own gains when it reads `path` in the way called `how`.
fn gained(how: &str, path: &Path) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "reads_a_file_and_tells_what_it_gained", "--nocapture"]);
    let output = child.env("HOW", how).env("FILE", path).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let gained = said
        .lines()
        .find_map(|line| line.split_once("gained "))
        .unwrap_or_else(|| panic!("{said}"));
    gained.1.trim().parse().unwrap()
}

/// Is the process that another test starts.
#[test]
fn reads_a_file_and_tells_what_it_gained() {
    let Some(path) = std::env::var_os("FILE").map(PathBuf::from) else { return };
    let before = anonymous();
    let held: Box<dyn std::any::Any> = match std::env::var("HOW").unwrap().as_str() {
        "mapped" => {
            let (bytes, digest) = ModelFiles::default().read(&path, Hashing::Once).unwrap();
            let file = bytes.file().unwrap().metadata().unwrap();
            assert_eq!(file.ino(), path.metadata().unwrap().ino());
            Box::new(Model::with_digests("large", Encoding::Ggml, vec![(bytes, digest)]))
        }
        _ => Box::new(fs::read(&path).unwrap()),
    };
    println!("gained {}", anonymous().saturating_sub(before));
    drop(held);
}

#[test]
fn a_large_file_adds_nothing_to_the_heap() {
    let folder = tempfile::tempdir().unwrap();
    let path = sparse(folder.path(), "large.gguf", b"end");
    let mapped = gained("mapped", &path);
    assert!(mapped < SLACK, "{mapped} bytes for a file that is mapped");
    let read = gained("read", &path);
    assert!(read >= SIZE, "{read} bytes show nothing");
}

#[test]
fn a_large_file_is_hashed_once_unless_its_digest_is_demanded() {
    let folder = tempfile::tempdir().unwrap();
    let path = sparse(folder.path(), "weights.bin", b"one");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let files = ModelFiles::default();
    let read = |hashing| files.read(&path, hashing).unwrap().1;
    let first = read(Hashing::Once);
    // Behind its time of change: only who computes it anew can know.
    let rewrite = |end: &[u8], modified| {
        let mut file = File::options().write(true).open(&path).unwrap();
        file.seek(SeekFrom::End(-3)).unwrap();
        file.write_all(end).unwrap();
        file.set_modified(modified).unwrap();
    };
    rewrite(b"two", modified);
    assert_eq!(read(Hashing::Once), first);
    let second = read(Hashing::Anew);
    assert_ne!(second, first);
    assert_eq!(read(Hashing::Once), second, "what was computed last is known");
    rewrite(b"six", modified + Duration::from_secs(1));
    assert_ne!(read(Hashing::Once), second);
}

#[test]
fn a_small_file_is_read_and_may_change_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.onnx");
    fs::write(&path, b"small").unwrap();
    let (bytes, digest) = ModelFiles::default().read(&path, Hashing::Once).unwrap();
    fs::write(&path, b"").unwrap();
    assert_eq!((&bytes[..], digest), (&b"small"[..], Digest::of(b"small")));
    assert!(bytes.file().is_none());
}
