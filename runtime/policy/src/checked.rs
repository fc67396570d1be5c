use std::sync::Arc;

use async_trait::async_trait;
use godwit_backend::{Backend, Device, Graph, Model, Result, Target};
use godwit_model::{Limits, precheck};

/// Looks at a model file within bounds before an engine reads it: engines trust files more than a host
/// of strangers' models can.
#[derive(Debug)]
pub struct Checked {
    inner: Arc<dyn Backend>,
    limits: Limits,
}

impl Checked {
    /// Lets only models within `limits` reach `inner`.
    pub fn new(inner: Arc<dyn Backend>, limits: Limits) -> Self {
        Self { inner, limits }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for Checked {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn devices(&self) -> Result<Vec<Device>> {
        self.inner.devices()
    }

    /// # Errors
    ///
    /// Those of [`precheck`] before those of the backend.
    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        precheck(model, &self.limits)?;
        self.inner.load(model, target).await
    }
}
