//! How many cases passed when somebody last looked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::supervise::Coverage;
use crate::{Case, Verdict};

/// The file in this crate's folder.
pub const FILE: &str = "tests/coverage/baseline.json";

/// What is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The package of the cases.
    pub cases: String,
    /// Cases passed, by backend.
    pub passed: BTreeMap<String, usize>,
    /// Cases that are known to be wrong, by backend. Only people add to them.
    pub known_defects: BTreeMap<String, BTreeSet<String>>,
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

    /// Whether it is known that `backend` fails `case`.
    pub fn knows(&self, backend: &str, case: &str) -> bool {
        self.known_defects.get(backend).is_some_and(|known| known.contains(case))
    }

    /// Of `coverages`, where no more defects are known than `before`.
    pub fn of(coverages: &[Coverage], cases: &[Case], before: &Self) -> Self {
        let passed =
            coverages.iter().map(|it| (it.backend.clone(), it.count(Verdict::Passed))).collect();
        let known_defects = coverages.iter().filter_map(|it| {
            let known = before.known_defects.get(&it.backend)?;
            let left = it.defects(cases).map(|(case, _)| &case.name);
            let left: BTreeSet<_> = left.filter(|name| known.contains(*name)).cloned().collect();
            (!left.is_empty()).then(|| (it.backend.clone(), left))
        });
        let known_defects = known_defects.collect();
        Self { cases: crate::cases::ONNX.to_owned(), passed, known_defects }
    }
}
