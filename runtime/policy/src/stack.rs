use std::sync::Arc;

use godwit_backend::Backend;
use godwit_model::Limits;

use crate::{Admission, AdmissionLimits, Checked, GraphCache, Ledger, Metered, Router};

/// The backends of a process with what all tenants share, and for each tenant the value that is *its*
/// backend.
///
/// ```text
/// tenant():  Metered -> Admission ─┐
/// tenant():  Metered -> Admission ─┴─> GraphCache -> Checked -> Router -> backends
/// ```
#[derive(Debug)]
pub struct Stack {
    router: Arc<Router>,
    shared: Arc<dyn Backend>,
}

impl Stack {
    /// Puts routing, the model check within `model_limits` and a cache of `cache_bytes` in front of
    /// `backends`.
    pub fn new(backends: Vec<Arc<dyn Backend>>, model_limits: Limits, cache_bytes: u64) -> Self {
        let router = Arc::new(Router::new(backends));
        let checked = Arc::new(Checked::new(router.clone(), model_limits));
        Self { router, shared: Arc::new(GraphCache::new(checked, cache_bytes)) }
    }

    /// The backends as one, without any policy.
    pub fn router(&self) -> &Router {
        &self.router
    }

    /// A tenant's backend: its own limits, on what all tenants share, booked on `ledger`.
    pub fn tenant(&self, limits: AdmissionLimits, ledger: Ledger) -> Arc<dyn Backend> {
        let admission = Arc::new(Admission::new(self.shared.clone(), limits));
        Arc::new(Metered::new(admission, ledger))
    }
}
