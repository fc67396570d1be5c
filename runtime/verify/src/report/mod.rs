//! The result of a verification, as a value with text, HTML and JSON forms.

mod build;
mod escape;
mod html;
mod matching;
mod outputs;
mod plot;
mod reference;
mod sentences;
mod table;
mod view;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::build::Attempt;
pub use self::outputs::{Finding, OutputReport};
use crate::bisect::FirstDivergence;
use crate::golden::Change;
use crate::profile::{ProfileName, Tolerance, Work};
use crate::recording::DeviceStamp;
use crate::stats::Latency;

/// Models on several devices, compared with one of them.
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
    /// The component; `None` if inputs were replayed or generated.
    pub app: Option<Artifact>,
    /// The models.
    pub models: Vec<Artifact>,
    /// The number of runs on the reference.
    pub samples: u64,
    /// The device that the others are compared with; `None` if no device answered.
    pub reference: Option<String>,
    /// Why it is the reference.
    pub reference_why: String,
    /// All requested devices, in order.
    pub devices: Vec<DeviceReport>,
    /// The changes since the golden file, if one was given.
    pub changes: Option<Vec<Change>>,
}

/// A file by its name and the SHA-256 of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// Its name, for display.
    pub name: String,
    /// Its digest, in hexadecimal.
    pub digest: String,
}

/// One device's part of a [`Report`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeviceReport {
    /// The requested device.
    pub device: String,
    /// Its description.
    pub stamp: Option<DeviceStamp>,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The reasons for it, the first of each output.
    pub findings: Vec<Finding>,
    /// The figures of each output.
    pub outputs: Vec<OutputReport>,
    /// Notes without influence on the verdict.
    pub notes: Vec<String>,
    /// The first operator whose output differs, if that was searched for.
    pub first_divergence: Option<FirstDivergence>,
    /// The times of its runs.
    pub latency: Option<Latency>,
    /// The time of all loads in seconds.
    pub load_seconds: Option<f64>,
    /// Device memory in bytes.
    pub footprint: Option<u64>,
    /// The number of operators that did not run on the device, if known.
    pub elsewhere: Option<u64>,
    /// The cost of 1000 runs, if a price was given.
    pub cost_per_1000: Option<f64>,
    /// The energy of 1000 runs in joules, if a power was given.
    pub joules_per_1000: Option<f64>,
}

/// The verdict on one device.
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
    /// It failed.
    Failed {
        /// The error.
        why: String,
    },
    /// It is not available.
    Absent {
        /// The reason.
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

/// The options of a comparison.
#[derive(Debug, Clone, Default)]
pub struct ReportOptions {
    /// The reference. Default: the device of the highest precision, and of those the simplest.
    pub reference: Option<String>,
    /// The profile for all devices. Default: that of the less precise device.
    pub profile: Option<ProfileName>,
    /// Tolerances that replace those of the profile.
    pub tolerance: Option<Tolerance>,
    /// The rounding that the models do. Default: that of medium networks.
    pub work: Option<Work>,
    /// The component, if there is one.
    pub app: Option<Artifact>,
    /// Price and power of devices, by id.
    pub rates: BTreeMap<String, Rates>,
}

/// Price and power of a device.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    /// The price of an hour, in the same currency for all devices.
    pub per_hour: Option<f64>,
    /// The power while it computes, in watts.
    pub watts: Option<f64>,
}

impl Report {
    /// Whether all available devices are equivalent to the reference, and there is one.
    pub fn is_equivalent(&self) -> bool {
        self.reference.is_some()
            && self.devices.iter().all(|device| {
                !matches!(device.verdict, Verdict::Differs { .. } | Verdict::Failed { .. })
            })
    }

    /// The devices with one verdict, by its word.
    pub fn with_verdict<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a DeviceReport> {
        self.devices.iter().filter(move |device| device.verdict.word() == word)
    }

    /// The report as tables for a terminal.
    pub fn to_text(&self) -> String {
        table::text(self)
    }

    /// The report as one self-contained HTML page.
    pub fn to_html(&self) -> String {
        html::page(self)
    }
}
