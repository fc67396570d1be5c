//! Proof that devices agree.
//!
//! One artifact runs on several devices with the same inputs, and the answers are compared:
//!
//! ```text
//! a guest, once a device ── Recorder ─> Tape ─> Recording ──┐       ┌─> text, JSON, HTML
//! a trace on disk ──────── Replay ────────────> Recording ──┼─> Report ─> Equivalence
//! generate(signature) ──── Replay ────────────> Recording ──┘       └─> changes since a Golden
//! ```
//!
//! - [`Recorder`] is a policy: a backend that wraps a backend. [`trace`] keeps what it recorded on disk,
//!   and [`Replay`] asks it again without the guest.
//! - [`compare`] measures, a [`ProfileName`] says how far apart is too far and why, and a [`Diagnosis`]
//!   says what a wrong answer looks like: transposed, swapped, off by one, one wrong weight.
//! - [`Report::from_recordings`] puts it together; [`verify()`] does all of it in one call.
//! - [`bisect`] finds the first operator of an ONNX model at which two devices part.
//! - [`golden`] holds today's answers and times against yesterday's on the same device.
//! - [`Equivalence`] is what remains: these devices, this model, this tolerance, these libraries.

#![deny(missing_docs)]

pub mod bisect;
pub mod compare;
mod diagnose;
mod equivalence;
mod files;
mod generate;
pub mod golden;
mod judge;
mod number;
mod profile;
mod random;
mod record;
mod recording;
pub mod report;
mod sample;
mod stats;
pub mod trace;
mod verify;
mod words;

pub use diagnose::Diagnosis;
pub use equivalence::Equivalence;
pub use generate::{Edge, GenerateOptions, generate};
pub use golden::Golden;
pub use judge::{Difference, Metric};
pub use profile::{ProfileName, Tolerance, Work};
pub use record::{RecordLimits, Recorder, Tape};
pub use recording::{Captured, DeviceStamp, Failure, LoadRecord, Recording, RunRecord};
pub use report::{Attempt, Report, ReportOptions};
pub use sample::{Replay, ReplayOptions, Sample};
pub use stats::{Latency, Slowdown};
pub use verify::{VerifyOptions, find_first_operators, verify};

/// The SHA-256 of `bytes` in hexadecimal.
fn digest(bytes: &[u8]) -> String {
    godwit_backend::Digest::of(bytes).to_string()
}
