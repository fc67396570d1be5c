use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use futures::future::join_all;
use godwit_backend::{Backend, DeviceId, Result};
use godwit_remote::{Cost, Remote, RemoteOptions, Traffic};
use serde::de::IntoDeserializer;
use serde::{Deserialize as _, Serialize};
use toml::Spanned;
use toml::de::DeValue;

use super::{Readiness, State};

/// How long a listing waits for a service.
const PATIENCE: Duration = Duration::from_secs(5);

/// A service as it is configured.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint(godwit_remote::Endpoint);

impl Endpoint {
    pub(crate) fn read(value: Spanned<DeValue<'_>>) -> Result<Self, toml::de::Error> {
        godwit_remote::Endpoint::deserialize(value.into_deserializer()).map(Self)
    }

    /// The service at `address`, with the defaults for everything else.
    pub(crate) fn at(id: &str, address: &str) -> Result<Self> {
        let endpoint = godwit_remote::Endpoint::at(id, address)?;
        endpoint.check().map(|()| Self(endpoint))
    }

    pub(crate) fn with_id(mut self, id: String) -> Self {
        self.0.id = id;
        self
    }

    pub(crate) fn id(&self) -> &str {
        &self.0.id
    }

    /// The one model that its address names.
    pub(crate) fn named_model(&self) -> Option<String> {
        self.0.named_model()
    }

    pub(crate) fn relative_to(&mut self, folder: &Path) {
        self.0.relative_to(folder);
    }

    pub(crate) fn check(&self) -> Result<()> {
        self.0.check()
    }
}

/// Services that are devices now.
#[derive(Debug)]
pub(crate) struct Services {
    remote: Arc<Remote>,
    endpoints: Vec<Endpoint>,
}

/// What went to a service and came from it, and what that has cost.
#[derive(Debug, Serialize)]
pub(crate) struct Spent {
    device: DeviceId,
    #[serde(flatten)]
    traffic: Traffic,
    labels: BTreeMap<String, String>,
    /// In the currency of the prices; none without a price.
    cost: Option<Cost>,
}

impl Services {
    pub(crate) fn open(endpoints: Vec<Endpoint>) -> Result<Self> {
        let all = endpoints.iter().map(|endpoint| endpoint.0.clone()).collect();
        let remote = Arc::new(Remote::open(RemoteOptions { endpoints: all })?);
        Ok(Self { remote, endpoints })
    }

    pub(crate) fn backend(&self) -> Arc<dyn Backend> {
        self.remote.clone()
    }

    /// Asks all of them at once.
    pub(crate) async fn probe(&self) -> Vec<Readiness> {
        join_all(self.endpoints.iter().map(|endpoint| self.ask(endpoint))).await
    }

    async fn ask(&self, endpoint: &Endpoint) -> Readiness {
        let device = DeviceId::new(endpoint.id());
        let (state, why) = match self.remote.probe(&device, PATIENCE).await {
            Ok(Some(())) => (State::Ready, None),
            Ok(None) => (State::NotTold, None),
            Err(error) => (State::Absent, Some(error.report())),
        };
        Readiness { device, state, why }
    }

    /// What `time` and `runs` on each have cost.
    pub(crate) fn spent(&self, time: Duration, runs: impl Fn(&DeviceId) -> u64) -> Vec<Spent> {
        let devices = self.remote.devices().unwrap_or_default().into_iter();
        let spent = devices.zip(self.remote.traffic()).zip(&self.endpoints);
        spent
            .map(|((device, (_, traffic)), endpoint)| Spent {
                cost: endpoint.0.price.cost(time, runs(&device.id), &traffic),
                labels: device.labels,
                device: device.id,
                traffic,
            })
            .collect()
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device, traffic, labels, cost } = self;
        let size = |bytes: u64| ByteSize(bytes).display().si();
        let Traffic { requests, retries, sent, received } = traffic;
        let plural = if *requests == 1 { "" } else { "s" };
        write!(f, "{device}: {requests} request{plural}")?;
        if *retries > 0 {
            write!(f, " ({retries} of them sent again)")?;
        }
        write!(f, ", {} sent, {} received", size(*sent), size(*received))?;
        let mut between = ';';
        for (name, value) in labels {
            write!(f, "{between} {name} {value}")?;
            between = ',';
        }
        match cost {
            Some(cost) => write!(f, "; cost {:.6}", cost.total),
            None => Ok(()),
        }
    }
}
