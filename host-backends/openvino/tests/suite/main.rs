//! The backend on the real library.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic here is a failed test")]

mod library;

use godwit_conformance::conformance;

conformance!(openvino, library::subject());
