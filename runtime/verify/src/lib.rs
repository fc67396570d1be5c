//! Verifies that devices give the same outputs.
//!
//! The same models run on several devices with the same inputs, and the outputs are compared:
//!
//! ```text
//! a guest, on each device ─ Recorder ─> Tape ─> Recording ──┐       ┌─> text, JSON, HTML
//! a trace on disk ──────── Replay ────────────> Recording ──┼─> Report ─> Equivalence
//! generate(signature) ──── Replay ────────────> Recording ──┘       └─> changes since a Golden
//! ```
//!
//! - [`Recorder`] is a policy: a backend that wraps a backend. [`trace`] stores its recording on disk, and
//!   [`Replay`] repeats the runs without the guest.
//! - [`compare`] measures differences, a [`ProfileName`] sets the tolerance, and a [`Diagnosis`] names the likely
//!   fault: transposed, swapped, off by one, one wrong weight.
//! - [`Report::from_recordings`] combines them; [`verify()`] does everything in one call.
//! - [`bisect`] finds the first operator of an ONNX model whose output differs between two devices.
//! - [`golden`] compares outputs and times with earlier ones of the same device.
//! - [`Equivalence`] is the result: devices, models, tolerance and libraries.

#![deny(missing_docs)]

pub mod bisect;
pub mod compare;
mod diagnose;
mod display;
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

pub use diagnose::Diagnosis;
pub use equivalence::Equivalence;
pub use generate::{Edge, GenerateOptions, generate};
pub use golden::Golden;
pub use judge::{Difference, Metric};
pub use profile::{ProfileName, Tolerance, Work};
pub use record::{RecordLimits, Recorder, Tape};
pub use recording::{Captured, DeviceStamp, LoadRecord, RecordedError, Recording, RunRecord};
pub use report::{Attempt, Report, ReportOptions};
pub use sample::{Replay, ReplayOptions, Sample};
pub use stats::{Latency, MedianInterval, Slowdown, median_interval};
pub use verify::{VerifyOptions, find_first_operators, verify};

/// The SHA-256 of `bytes` in hexadecimal.
fn digest(bytes: &[u8]) -> String {
    godwit_backend::Digest::of(bytes).to_string()
}
