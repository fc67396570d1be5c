use serde::{Deserialize, Serialize};

/// What stands between an engine and those whom it must not read: an engine in native code follows a model's values
/// further than the model's own memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wall {
    /// Nothing: it is in the host's process. What it might do to that is refused.
    #[default]
    Process,
    /// A process for several tenants. What it might do to one of them is refused.
    Shared,
    /// A process for one tenant: only what ends it, or gives wrong answers, is refused.
    Own,
}
