//! What a verification found, as a value that is printed, drawn and kept.

mod build;
mod escape;
mod html;
mod matching;
mod outputs;
mod plot;
mod reference;
mod table;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::build::Attempt;
pub use self::outputs::{Finding, OutputReport};
use crate::bisect::FirstDivergence;
use crate::golden::Change;
use crate::profile::{ProfileName, Tolerance, Work};
use crate::recording::DeviceStamp;
use crate::stats::Latency;

/// One artifact on several devices, compared with one of them.
///
/// As JSON it is an object with exactly the fields below, enums in kebab case with their case in a field
/// (`verdict`, `kind`, `change`), times in seconds, sizes in bytes, and `null` for what is not known or
/// not finite. `version` changes when a field goes or changes its meaning; new fields do not change it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// `godwit-verification`.
    pub format: &'static str,
    /// The version of the format, 1.
    pub version: u32,
    /// The component that ran; none when inputs were replayed or generated.
    pub app: Option<Artifact>,
    /// The models that ran.
    pub models: Vec<Artifact>,
    /// Runs on the reference.
    pub samples: u64,
    /// The device that the others are compared with; none when no device answered.
    pub reference: Option<String>,
    /// Why that one.
    pub reference_why: String,
    /// Every device asked, in the order they were asked.
    pub devices: Vec<DeviceReport>,
    /// What changed since the golden file that was given.
    pub changes: Option<Vec<Change>>,
}

/// A file by its name and the SHA-256 of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// Its name, for people.
    pub name: String,
    /// Its digest, in hexadecimal.
    pub digest: String,
}

/// One device's part of a [`Report`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeviceReport {
    /// The device asked for.
    pub device: String,
    /// What it says about itself.
    pub stamp: Option<DeviceStamp>,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What decided it, the first of each output.
    pub findings: Vec<Finding>,
    /// The figures of each output.
    pub outputs: Vec<OutputReport>,
    /// What is worth knowing and decides nothing.
    pub notes: Vec<String>,
    /// The first operator whose output differs, where that was searched for.
    pub first_divergence: Option<FirstDivergence>,
    /// Times of its runs.
    pub latency: Option<Latency>,
    /// Seconds all loads took.
    pub load_seconds: Option<f64>,
    /// Bytes of device memory.
    pub footprint: Option<u64>,
    /// Operators that ran elsewhere than on the device, where it says.
    pub elsewhere: Option<u64>,
    /// Cost of 1000 runs, where a rate was given.
    pub cost_per_1000: Option<f64>,
    /// Joules of 1000 runs, where a power was given.
    pub joules_per_1000: Option<f64>,
}

/// What became of one device.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The others are compared with it.
    Reference,
    /// Every output of every run is within the tolerance.
    Equivalent {
        /// The tolerance.
        tolerance: Tolerance,
    },
    /// Some output is not.
    Differs {
        /// The tolerance.
        tolerance: Tolerance,
    },
    /// It is there and could not answer.
    Failed {
        /// What it said.
        why: String,
    },
    /// It is not there.
    Absent {
        /// What is missing.
        why: String,
    },
}

impl Verdict {
    /// One word for tables.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Equivalent { .. } => "equivalent",
            Self::Differs { .. } => "differs",
            Self::Failed { .. } => "failed",
            Self::Absent { .. } => "absent",
        }
    }

    /// The tolerance it was judged by.
    pub const fn tolerance(&self) -> Option<&Tolerance> {
        match self {
            Self::Equivalent { tolerance } | Self::Differs { tolerance } => Some(tolerance),
            _ => None,
        }
    }
}

/// How to compare.
#[derive(Debug, Clone, Default)]
pub struct ReportOptions {
    /// The reference; otherwise the device of the highest precision, among those the plainest.
    pub reference: Option<String>,
    /// The profile for every device; otherwise by what the two devices compute in.
    pub profile: Option<ProfileName>,
    /// Tolerances in place of those of any profile.
    pub tolerance: Option<Tolerance>,
    /// How much rounding the models do; a default when it is not known.
    pub work: Option<Work>,
    /// The component, if one ran.
    pub app: Option<Artifact>,
    /// What a device costs and draws, by its id.
    pub rates: BTreeMap<String, Rates>,
}

/// What a device costs and draws.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    /// Cost of an hour, in whatever currency all rates are in.
    pub per_hour: Option<f64>,
    /// Watts while it computes.
    pub watts: Option<f64>,
}

impl Report {
    /// Whether every device that is there gives the reference's answers, and one at least does besides it
    /// or is it.
    pub fn is_equivalent(&self) -> bool {
        self.reference.is_some()
            && self.devices.iter().all(|device| {
                !matches!(device.verdict, Verdict::Differs { .. } | Verdict::Failed { .. })
            })
    }

    /// The devices of one verdict's word.
    pub fn with_verdict<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a DeviceReport> {
        self.devices.iter().filter(move |device| device.verdict.word() == word)
    }

    /// The report as tables for a terminal.
    pub fn to_text(&self) -> String {
        table::text(self)
    }

    /// The report as one page that needs nothing else.
    pub fn to_html(&self) -> String {
        html::page(self)
    }
}
