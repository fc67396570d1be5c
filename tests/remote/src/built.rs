use std::path::{Path, PathBuf};

/// What is below `target`: a file that `cargo build`, `cargo xtask build` or `cargo xtask setup` made.
///
/// # Panics
///
/// When it is missing.
pub fn built(path: &str) -> PathBuf {
    let exe = std::env::current_exe().expect("a test has a program");
    let target = exe.ancestors().nth(3).expect("tests lie in target/PROFILE/deps");
    let path = target.join(path);
    assert!(path.exists(), "{} is missing: run `cargo xtask test`", path.display());
    path
}

/// The repository.
///
/// # Panics
///
/// When it was moved since the test was built.
pub fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the repository is where it was")
}
