//! Proof that devices agree: numeric comparison of runs, tolerance profiles, recordings and reports.

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
mod onnx;
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
pub use verify::{VerifyOptions, verify};

/// The SHA-256 of `bytes` in hexadecimal.
fn digest(bytes: &[u8]) -> String {
    godwit_backend::Digest::of(bytes).to_string()
}
