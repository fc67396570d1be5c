use serde::{Deserialize, Serialize};

/// What a backend made of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The outputs are those of the case, within its tolerance.
    Passed,
    /// Refused at load with a clean error.
    Unsupported,
    /// Refused at load with a clean error, as it takes or gives what no tensor of the contract is.
    Outside,
    /// Loaded, and the run failed with a clean error.
    Refused,
    /// Random by definition, or of a doubtful answer: there is nothing to compare with.
    Excluded,
    /// Other outputs than those of the case.
    Wrong,
    /// The process ended, a thread panicked, or the error blames Godwit.
    Crashed,
    /// No answer in time.
    Hung,
}

impl Verdict {
    /// All of them, the good ones first.
    pub const ALL: [Self; 8] = [
        Self::Passed,
        Self::Unsupported,
        Self::Outside,
        Self::Refused,
        Self::Excluded,
        Self::Wrong,
        Self::Crashed,
        Self::Hung,
    ];

    /// Whether it is a defect of the backend.
    pub fn is_defect(self) -> bool {
        matches!(self, Self::Wrong | Self::Crashed | Self::Hung)
    }

    /// As a column of a table is headed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Unsupported => "unsupported",
            Self::Outside => "no tensor",
            Self::Refused => "refused",
            Self::Excluded => "excluded",
            Self::Wrong => "wrong",
            Self::Crashed => "crashed",
            Self::Hung => "hung",
        }
    }
}

/// A verdict with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What was found.
    pub verdict: Verdict,
    /// Why, in words for a report: the contract's own message where there was an error. Empty if passed.
    pub reason: String,
    /// What the engine itself said, for whoever looks into it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl Outcome {
    /// An outcome without anything said by an engine.
    pub fn new(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self { verdict, reason: reason.into(), detail: String::new() }
    }
}
