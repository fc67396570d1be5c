use std::fmt;
use std::sync::Arc;

use godwit_backend::{Backend, Device, Graph, Memory, Target};

use crate::memory::resident;
use crate::open::Open;
use crate::{Case, Models};

/// A backend under test, with what the suite has to know about it.
pub struct Subject {
    /// The backend.
    pub backend: Arc<dyn Backend>,
    /// The device to test.
    pub target: Target,
    /// Models its device can read.
    pub models: Arc<dyn Models>,
    /// The cases and references, by name, that its device does not have the operators for. That they are
    /// refused as `Unsupported` is tested in their place.
    pub lacks: &'static [&'static str],
    /// Whether model files are checked before the backend gets them.
    pub checked: bool,
    /// How the bytes that its device holds are measured.
    pub held: Held,
}

/// How the bytes that a device holds are measured.
#[derive(Clone)]
pub enum Held {
    /// The device itself tells, to the byte.
    Exactly(Arc<dyn Fn() -> u64 + Send + Sync>),
    /// The device computes in the memory of this process and of its workers, which the system counts.
    Resident,
    /// As [`Held::Resident`], but the library keeps memory of a graph that is gone for the next one, instead of
    /// giving it back to the system.
    Pooled,
    /// Nothing here can tell, for this reason. [`Subject::lists`] leaves out the cases that have to know.
    Unknown(&'static str),
}

/// The case that has to know what the device holds.
const NEEDS_HELD: &str = "device_memory_is_given_back_with_the_last_handle";

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(_) => f.write_str("Exactly"),
            Self::Resident => f.write_str("Resident"),
            Self::Pooled => f.write_str("Pooled"),
            Self::Unknown(reason) => f.debug_tuple("Unknown").field(reason).finish(),
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("backend", &self.backend)
            .field("target", &self.target)
            .field("models", &self.models)
            .finish_non_exhaustive()
    }
}

impl Held {
    /// Bytes held now, where they can be measured.
    pub(crate) fn now(&self) -> Option<u64> {
        match self {
            Self::Exactly(held) => Some(held()),
            Self::Resident | Self::Pooled => Some(resident()),
            Self::Unknown(_) => None,
        }
    }
}

impl Subject {
    /// The same subject with its backend wrapped.
    #[must_use]
    pub fn wrap(self, wrapper: impl FnOnce(Arc<dyn Backend>) -> Arc<dyn Backend>) -> Self {
        Self { backend: wrapper(self.backend), ..self }
    }

    /// Whether the case called `name` in a list of all can be checked on this subject.
    ///
    /// # Errors
    ///
    /// The reason why not.
    pub fn lists(&self, name: &str) -> Result<(), &'static str> {
        match self.held {
            Held::Unknown(reason) if name.ends_with(NEEDS_HELD) => Err(reason),
            _ => Ok(()),
        }
    }

    pub(crate) fn device(&self) -> Device {
        let devices = self.backend.devices().expect("the family is present");
        let device = devices.into_iter().find(|device| device.id == self.target.device);
        device.expect("the device under test is listed")
    }

    pub(crate) async fn load(&self, case: &Case) -> godwit_backend::Result<Arc<dyn Graph>> {
        self.backend.load(&self.models.model(case), &self.target).await
    }

    /// A graph of `case` and a context on it, without a limit on memory.
    pub(crate) async fn open(&self, case: &Case) -> Open {
        self.open_in(case, Memory::unlimited()).await
    }

    pub(crate) async fn open_in(&self, case: &Case, memory: Memory) -> Open {
        let graph = self.load(case).await.unwrap_or_else(|error| panic!("{case:?}: {error:?}"));
        Open::on(graph, memory).await
    }
}
