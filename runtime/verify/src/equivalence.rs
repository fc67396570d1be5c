//! Declares that two devices are equivalent for a model, for placement.

use godwit_backend::{Device, Error, Result};
use serde::{Deserialize, Serialize};

use crate::files;
use crate::profile::Tolerance;
use crate::recording::DeviceStamp;
use crate::report::{Artifact, Report, Verdict};

const FORMAT: &str = "godwit-equivalence";
const VERSION: u32 = 1;

/// Two devices gave the same outputs, within a tolerance, for these models.
///
/// It is valid for the libraries that it names: an update requires a new declaration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equivalence {
    format: String,
    version: u32,
    /// The models.
    pub models: Vec<Artifact>,
    /// The component that ran them, if there is one.
    pub app: Option<Artifact>,
    /// One device.
    pub a: DeviceStamp,
    /// The other.
    pub b: DeviceStamp,
    /// The tolerance.
    pub tolerance: Tolerance,
    /// The number of runs.
    pub samples: u64,
}

impl Equivalence {
    /// Parses the list of declarations that `godwit verify --declare` writes.
    ///
    /// # Errors
    ///
    /// `InvalidEncoding` if it is not such a list, or of another version.
    pub fn parse(bytes: &[u8]) -> Result<Vec<Self>> {
        let read: Vec<Self> = serde_json::from_slice(bytes).map_err(|error| {
            let what = "the file is not a list of declarations of equivalence";
            Error::invalid_encoding(what).with_source(error)
        })?;
        match read.iter().all(|one| one.format == FORMAT && one.version == VERSION) {
            true => Ok(read),
            false => Err(Error::invalid_encoding("the version of a declaration is not supported")),
        }
    }

    /// Declarations as a file's bytes, which [`Equivalence::parse`] reads.
    ///
    /// # Errors
    ///
    /// `Internal` when they cannot be written as JSON.
    pub fn to_json(declarations: &[Self]) -> Result<Vec<u8>> {
        files::json("the declarations", &declarations)
    }

    /// Whether it declares `a` and `b`, with their current libraries, equivalent for the model of `digest`.
    pub fn covers(&self, digest: &str, a: &Device, b: &Device) -> bool {
        let (a, b) = (DeviceStamp::from(a), DeviceStamp::from(b));
        let pair = (&self.a, &self.b);
        let devices = pair == (&a, &b) || pair == (&b, &a);
        devices && self.models.iter().any(|model| model.digest == digest)
    }
}

impl Report {
    /// One declaration for each device that is equivalent to the reference.
    pub fn equivalences(&self) -> Vec<Equivalence> {
        let reference = self.with_verdict("reference").next().and_then(|d| d.stamp.clone());
        let Some(reference) = reference else { return Vec::new() };
        let declared = self.devices.iter().filter_map(|device| {
            let Verdict::Equivalent { tolerance } = &device.verdict else { return None };
            Some(Equivalence {
                format: FORMAT.to_owned(),
                version: VERSION,
                models: self.models.clone(),
                app: self.app.clone(),
                a: reference.clone(),
                b: device.stamp.clone()?,
                tolerance: *tolerance,
                samples: self.samples,
            })
        });
        declared.collect()
    }
}
