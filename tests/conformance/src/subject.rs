use std::fmt;
use std::sync::Arc;

use godwit_backend::{Backend, Device, Graph, Memory, Result, Target};

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
    /// Bytes its device holds now, where that can be told exactly.
    pub held: Option<Held>,
}

/// Tells the bytes a device holds.
pub type Held = Arc<dyn Fn() -> u64 + Send + Sync>;

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("backend", &self.backend)
            .field("target", &self.target)
            .field("models", &self.models)
            .finish_non_exhaustive()
    }
}

impl Subject {
    /// The same subject with its backend wrapped.
    #[must_use]
    pub fn wrap(self, wrapper: impl FnOnce(Arc<dyn Backend>) -> Arc<dyn Backend>) -> Self {
        Self { backend: wrapper(self.backend), ..self }
    }

    pub(crate) fn device(&self) -> Device {
        let devices = self.backend.devices().expect("the family is present");
        let device = devices.into_iter().find(|device| device.id == self.target.device);
        device.expect("the device under test is listed")
    }

    pub(crate) async fn load(&self, case: &Case) -> Result<Arc<dyn Graph>> {
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
