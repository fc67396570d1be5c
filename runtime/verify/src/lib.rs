//! Proof that devices agree: numeric comparison of runs, tolerance profiles, recordings and reports.

#![deny(missing_docs)]

pub mod compare;
mod diagnose;
mod files;
mod generate;
mod judge;
mod number;
mod profile;
mod random;
mod record;
mod recording;
mod sample;
mod stats;
pub mod trace;

pub use diagnose::Diagnosis;
pub use generate::{Edge, GenerateOptions, generate};
pub use judge::{Difference, Metric};
pub use profile::{ProfileName, Tolerance, Work};
pub use record::{RecordLimits, Recorder, Tape};
pub use recording::{Captured, DeviceStamp, Failure, LoadRecord, Recording, RunRecord};
pub use sample::{Replay, ReplayOptions, Sample};
pub use stats::{Latency, Slowdown};
