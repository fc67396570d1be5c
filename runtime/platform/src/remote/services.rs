use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use godwit_backend::{Backend, DeviceId, Result};
pub use godwit_remote::{Cost, Endpoint};
use godwit_remote::{Remote, RemoteOptions};

use super::{Readiness, ServiceState, ServiceUsage};

/// How long a listing waits for a service.
const PATIENCE: Duration = Duration::from_secs(5);

/// Services that are devices now.
#[derive(Debug)]
pub struct Services {
    remote: Arc<Remote>,
    endpoints: Vec<Endpoint>,
}

impl Services {
    pub(crate) fn open(endpoints: Vec<Endpoint>) -> Result<Self> {
        let remote = Arc::new(Remote::open(RemoteOptions { endpoints: endpoints.clone() })?);
        Ok(Self { remote, endpoints })
    }

    pub(crate) fn backend(&self) -> Arc<dyn Backend> {
        self.remote.clone()
    }

    /// Asks all of them at once whether they are ready.
    pub async fn probe(&self) -> Vec<Readiness> {
        join_all(self.endpoints.iter().map(|endpoint| self.ask(endpoint))).await
    }

    async fn ask(&self, endpoint: &Endpoint) -> Readiness {
        let device = DeviceId::new(&endpoint.id);
        let (state, why) = match self.remote.probe(&device, PATIENCE).await {
            Ok(Some(())) => (ServiceState::Ready, None),
            Ok(None) => (ServiceState::NotTold, None),
            Err(error) => (ServiceState::Absent, Some(error.report())),
        };
        Readiness { device, state, why }
    }

    /// What went to each and came from it in `time`, with what that and its `runs` have cost.
    pub fn usage(&self, time: Duration, runs: impl Fn(&DeviceId) -> u64) -> Vec<ServiceUsage> {
        let devices = self.remote.devices().unwrap_or_default().into_iter();
        let used = devices.zip(self.remote.traffic()).zip(&self.endpoints);
        used.map(|((device, (_, traffic)), endpoint)| ServiceUsage {
            requests: traffic.requests,
            retries: traffic.retries,
            sent: traffic.sent,
            received: traffic.received,
            cost: endpoint.price.cost(time, runs(&device.id), &traffic),
            labels: device.labels,
            device: device.id,
        })
        .collect()
    }
}
