//! What holds for the repository as a whole: its commands, and the files that it ships.

#![allow(clippy::unwrap_used, reason = "a panic here is a failed test")]

mod chores;
mod shipped_files;
