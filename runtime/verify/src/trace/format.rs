use serde::{Deserialize, Serialize};

use crate::recording::{Captured, LoadRecord, RecordedError};

pub(super) const FORMAT: &str = "godwit-trace";
pub(super) const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) format: String,
    pub(super) version: u32,
    pub(super) loads: Vec<LoadRecord>,
    pub(super) runs: Vec<Run>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    pub(super) load: usize,
    pub(super) inputs: Vec<Named>,
    pub(super) outputs: Vec<Named>,
    pub(super) failure: Option<RecordedError>,
    pub(super) seconds: Vec<f64>,
    #[serde(default)]
    pub(super) unsteady: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) dtype: String,
    pub(super) shape: Vec<usize>,
    pub(super) digest: String,
}

impl From<&Captured> for Named {
    fn from(captured: &Captured) -> Self {
        Self {
            name: captured.name.clone(),
            dtype: captured.tensor.dtype().to_string(),
            shape: captured.tensor.shape().to_vec(),
            digest: captured.digest.to_string(),
        }
    }
}

/// Whether `text` is 64 lower-case hexadecimal digits: all that may become part of a path.
pub(super) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
