mod gate;
mod graph;
mod limits;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use godwit_backend::{Backend, Budget, Device, Graph, Model, Result, Target};

use self::gate::{Deadline, Gate};
use self::graph::{Admitted, Held};
pub use self::limits::{AdmissionLimits, AllowList};

/// One tenant's limits around a backend: which models, how many runs, how long, how many device bytes.
///
/// A run takes a permit and holds it until it has finished, failed or been dropped. When all are taken
/// it waits in a bounded queue; when that is full it is refused at once with `Unavailable`. Deadlines
/// count from the call; when one passes, the run is dropped, which cancels it.
///
/// Deadlines need a tokio runtime with timers, but only for runs and loads that are not finished at once:
/// a run that gets its permit and is ready costs no timer and no allocation.
#[derive(Debug)]
pub struct Admission {
    inner: Arc<dyn Backend>,
    models: Option<AllowList>,
    load_deadline: Deadline,
    device_bytes: Budget,
    run: Arc<RunLimits>,
    held: Mutex<Vec<Weak<Held>>>,
}

/// What limits a run: shared by all the tenant's graphs.
#[derive(Debug)]
struct RunLimits {
    gate: Gate,
    deadline: Deadline,
}

impl Admission {
    /// Wraps `inner` for one tenant.
    pub fn new(inner: Arc<dyn Backend>, limits: AdmissionLimits) -> Self {
        let gate = Gate::new(&limits);
        let deadline = Deadline::new("run", limits.run_deadline);
        Self {
            inner,
            models: limits.models,
            load_deadline: Deadline::new("load", limits.load_deadline),
            device_bytes: Budget::new("device memory", limits.device_bytes),
            run: Arc::new(RunLimits { gate, deadline }),
            held: Mutex::default(),
        }
    }

    /// The account of device bytes that this tenant's graphs and contexts hold.
    pub fn device_bytes(&self) -> &Budget {
        &self.device_bytes
    }

    /// Charges `graph` unless the tenant holds it already.
    fn admit(&self, graph: Arc<dyn Graph>) -> Result<Arc<dyn Graph>> {
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|held| held.strong_count() > 0);
        let held = match all.iter().filter_map(Weak::upgrade).find(|held| held.is(&graph)) {
            Some(held) => held,
            None => {
                let charge = self.device_bytes.charge(graph.info().footprint.total())?;
                let held = Arc::new(Held::new(graph, charge));
                all.push(Arc::downgrade(&held));
                held
            }
        };
        Ok(Arc::new(Admitted::new(held, self.run.clone(), self.device_bytes.clone())))
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for Admission {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn devices(&self) -> Result<Vec<Device>> {
        self.inner.devices()
    }

    /// # Errors
    ///
    /// `Denied` for a model that is not on the allow-list, `Timeout` when the load deadline passes,
    /// `TooLarge` when the graph exceeds the tenant's device bytes, and those of the backend.
    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        if let Some(models) = &self.models {
            models.check(model)?;
        }
        let graph = self.load_deadline.limit(self.inner.load(model, target)).await?;
        self.admit(graph)
    }
}
