//! How many cases passed when somebody last looked.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::Verdict;
use crate::supervise::Coverage;

/// The file in this crate's folder.
pub const FILE: &str = "tests/coverage/baseline.json";

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The package of the cases.
    pub cases: String,
    /// Cases passed, by backend.
    pub passed: BTreeMap<String, usize>,
}

impl Baseline {
    /// The one that is checked in, below the repository's root.
    ///
    /// # Errors
    ///
    /// When there is none, or it is no such file.
    pub fn read(root: &Path) -> Result<Self> {
        let text = std::fs::read(root.join(FILE)).context(FILE)?;
        serde_json::from_slice(&text).context(FILE)
    }

    /// Of `coverages`.
    pub fn of(coverages: &[Coverage]) -> Self {
        let passed =
            coverages.iter().map(|it| (it.backend.clone(), it.count(Verdict::Passed))).collect();
        Self { cases: crate::cases::ONNX.to_owned(), passed }
    }
}
