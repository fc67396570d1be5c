mod graph;
mod meter;

use std::sync::Arc;

use async_trait::async_trait;
use godwit_backend::{Backend, Device, Graph, Model, Result, Target};
use tracing::{Instrument, field};

use self::graph::MeteredGraph;
use self::meter::Meter;
use crate::Ledger;

/// Spans, metrics and a [`Ledger`] of everything that goes through a backend.
///
/// Metrics by the `metrics` facade; a graph's handles are registered when it is loaded, so install the
/// recorder first:
///
/// | name | type | labels | counts |
/// |---|---|---|---|
/// | `godwit_loads_total` | counter | `model`, `device` | loads that gave a graph |
/// | `godwit_load_seconds` | histogram | `model`, `device` | time of those loads |
/// | `godwit_runs_total` | counter | `model`, `device` | runs that gave their outputs |
/// | `godwit_run_seconds` | histogram | `model`, `device` | time of those runs, waiting included |
/// | `godwit_tensor_bytes_total` | counter | `model`, `device`, `direction` (`in`, `out`) | their tensor bytes |
/// | `godwit_errors_total` | counter | `model`, `device`, `kind` | failed loads, contexts and runs, by error kind; `cancelled` are runs dropped unfinished |
///
/// Spans, at level INFO under the target `godwit_policy`: `load` (`model`, `device`, `footprint`) and
/// `run` (`model`, `device`, `bytes_in`, `bytes_out`, `error`). Errors are logged with their cause at
/// level WARN when loading and DEBUG when running.
///
/// `device` is the device that really ran. Recording a run allocates nothing unless spans are listened to.
#[derive(Debug)]
pub struct Metered {
    inner: Arc<dyn Backend>,
    ledger: Ledger,
}

impl Metered {
    /// Books on `ledger` what goes through `inner`.
    pub fn new(inner: Arc<dyn Backend>, ledger: Ledger) -> Self {
        Self { inner, ledger }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for Metered {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn devices(&self) -> Result<Vec<Device>> {
        self.inner.devices()
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let span = tracing::info_span!(
            target: "godwit_policy",
            "load",
            model = &**model.name(),
            device = %target.device,
            footprint = field::Empty,
        );
        let work = async {
            let clock = meter::Clock::start();
            match self.inner.load(model, target).await {
                Ok(graph) => {
                    tracing::Span::current().record("footprint", graph.info().footprint.total());
                    let meter = Meter::new(model, &graph.info().device.id, &self.ledger);
                    meter.loaded(clock.elapsed());
                    Ok(Arc::new(MeteredGraph::new(graph, Arc::new(meter))) as Arc<dyn Graph>)
                }
                Err(error) => {
                    tracing::warn!(target: "godwit_policy", kind = ?error.kind(), "{}", error.report());
                    Meter::new(model, &target.device, &self.ledger).failed(error.kind());
                    Err(error)
                }
            }
        };
        work.instrument(span).await
    }
}
