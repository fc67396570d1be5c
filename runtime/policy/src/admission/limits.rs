use std::collections::BTreeSet;
use std::time::Duration;

use godwit_backend::{Digest, Error, Model, Result};

/// What one tenant may do. The default limits nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmissionLimits {
    /// Runs at one time.
    pub concurrent_runs: usize,
    /// Runs that may wait for their turn; the next one is refused at once.
    pub queued_runs: usize,
    /// Bytes of device memory held by the tenant's graphs, each graph counted once.
    pub device_bytes: u64,
    /// Wall-clock time of one run, waiting included.
    pub run_deadline: Option<Duration>,
    /// Wall-clock time of one load, compiling included.
    pub load_deadline: Option<Duration>,
    /// The models that may be loaded; `None` allows all.
    pub models: Option<AllowList>,
}

impl Default for AdmissionLimits {
    fn default() -> Self {
        Self {
            concurrent_runs: usize::MAX,
            queued_runs: usize::MAX,
            device_bytes: u64::MAX,
            run_deadline: None,
            load_deadline: None,
            models: None,
        }
    }
}

/// Models by name or by digest. A digest says which bytes; a name says whatever the catalog holds by it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AllowList {
    names: BTreeSet<String>,
    digests: BTreeSet<Digest>,
}

impl AllowList {
    /// A list that allows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows the model of this name. [`GUEST_MODEL`](crate::GUEST_MODEL) allows whatever guests bring.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.names.insert(name.into());
        self
    }

    /// Allows exactly these bytes, whatever their name.
    #[must_use]
    pub fn digest(mut self, digest: Digest) -> Self {
        self.digests.insert(digest);
        self
    }

    /// Lets `model` pass if it is on the list.
    ///
    /// # Errors
    ///
    /// `Denied`, naming what is on it.
    pub(super) fn check(&self, model: &Model) -> Result<()> {
        if self.names.contains(&**model.name()) || self.digests.contains(&model.digest()) {
            return Ok(());
        }
        let names = self.names.iter().cloned();
        let digests = self.digests.iter().map(|digest| format!("sha256:{}", digest.short()));
        let allowed: Vec<String> = names.chain(digests).collect();
        let allowed = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
        Err(Error::denied(format!(
            "this tenant may not load the model '{}' (sha256:{}): it is not on the allow-list; \
             allowed: {allowed}",
            model.name(),
            model.digest().short()
        )))
    }
}
