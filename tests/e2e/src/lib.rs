//! Everything here is in `tests`.
//!
//! Each program of `tests/guests` has a test of its own name there: the build script lists the programs,
//! and one without a test is a compile error. The guests themselves are built by `cargo xtask build`.
