use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use godwit_backend::{
    Backend, Cancellation, Capabilities, DType, Device, DeviceId, Encoding, Error, Footprint,
    Graph, GraphInfo, Model, Result, Target, known,
};

use crate::graph::RemoteGraph;
use crate::loaded::LoadedModel;
use crate::options::{Endpoint, RemoteModel, RemoteOptions};
use crate::reactor::Reactor;
use crate::service::Service;
use crate::{Health, Traffic};

/// Models on inference servers: one device for each endpoint.
///
/// Opening it sends nothing. The server is asked for a model's metadata when the model is loaded.
#[derive(Debug)]
pub struct Remote {
    services: Vec<Arc<Service>>,
    reactor: Arc<Reactor>,
}

impl Remote {
    /// Prepares the connections to every endpoint.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for an invalid configuration, naming the device.
    pub fn open(options: RemoteOptions) -> Result<Self> {
        let reactor = Arc::new(Reactor::start()?);
        let mut services: Vec<Arc<Service>> = Vec::new();
        for endpoint in options.endpoints {
            endpoint.check()?;
            if services.iter().any(|service| service.device.id.as_str() == endpoint.id) {
                let message = format!("device '{}' is configured twice", endpoint.id);
                return Err(Error::invalid_argument(message));
            }
            let device = device(&endpoint)?;
            let service = reactor.enter(|| Service::new(endpoint, device))?;
            services.push(Arc::new(service));
        }
        Ok(Self { services, reactor })
    }

    /// The health of each endpoint, by its recent calls.
    pub fn health(&self) -> Vec<(DeviceId, Health)> {
        let health = |service: &Arc<Service>| (service.device.id.clone(), service.health.read());
        self.services.iter().map(health).collect()
    }

    /// The network traffic of each endpoint.
    pub fn traffic(&self) -> Vec<(DeviceId, Traffic)> {
        let traffic = |service: &Arc<Service>| (service.device.id.clone(), service.meter.read());
        self.services.iter().map(traffic).collect()
    }

    /// Asks whether the service behind `id` is ready, and the configured models with it. `None` if the protocol
    /// cannot tell: SageMaker, Vertex AI and JSON templates.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown device, `Timeout` after `patience`, otherwise why it is not ready.
    pub async fn probe(&self, id: &DeviceId, patience: Duration) -> Result<Option<()>> {
        let service = self.service(id)?.clone();
        let models: Vec<RemoteModel> = match service.options.models.is_empty() {
            true => service.named_model().map(RemoteModel::called).into_iter().collect(),
            false => {
                service.options.models.iter().map(|(name, model)| model.or_called(name)).collect()
            }
        };
        let ask = async move { service.probe(&models, patience).await };
        self.reactor.run(ask).await
    }

    fn service(&self, id: &DeviceId) -> Result<&Arc<Service>> {
        let mut services = self.services.iter();
        services.find(|service| service.device.id == *id).ok_or_else(|| {
            let ids = self.services.iter().map(|service| service.device.id.as_str());
            let known = known("remote devices", id.as_str(), ids);
            Error::not_found(format!("there is no remote device '{id}': {known}"))
        })
    }
}

#[async_trait]
impl Backend for Remote {
    fn name(&self) -> &str {
        "remote"
    }

    /// Every configured endpoint, whether it can be reached or not.
    fn devices(&self) -> Result<Vec<Device>> {
        if self.services.is_empty() {
            return Err(Error::unavailable("no remote endpoint is configured"));
        }
        Ok(self.services.iter().map(|service| service.device.clone()).collect())
    }

    /// Asks the server for the metadata of a model, by the server's name for it.
    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let service = self.service(&target.device)?;
        if let Some(option) = target.options.keys().next() {
            let message = format!("remote devices have no option '{option}'");
            return Err(Error::unsupported(message));
        }
        let remote = resolve(service, model)?;
        let described = service.clone();
        let describe = async move { described.describe(&remote).await };
        let (signature, call) = self.reactor.run(describe).await?;
        // The server's memory is not this host's to account for.
        let footprint = Footprint::default();
        let info = GraphInfo { signature, device: service.device.clone(), footprint };
        let (service, reactor) = (service.clone(), self.reactor.clone());
        Ok(Arc::new(RemoteGraph::new(LoadedModel { service, reactor, info, call })))
    }
}

/// The server's model for `model`.
fn resolve(service: &Service, model: &Model) -> Result<RemoteModel> {
    let endpoint = &service.options;
    let (name, of) = model.there().ok_or_else(|| {
        let message = format!(
            "device '{}' runs only models that its server has, not model files",
            endpoint.id
        );
        Error::unsupported(message)
    })?;
    let remote = match endpoint.models.get(name) {
        Some(remote) => remote.or_called(name),
        None if endpoint.models.is_empty() => {
            RemoteModel::called(service.named_model().unwrap_or_else(|| name.to_owned()))
        }
        None => {
            let names = endpoint.models.keys().map(String::as_str);
            let known = known("models", name, names);
            let message = format!("device '{}' has no model '{name}': {known}", endpoint.id);
            return Err(Error::not_found(message));
        }
    };
    if let (Some(sha256), Some(of)) = (&remote.sha256, of)
        && !sha256.eq_ignore_ascii_case(&of.to_string())
    {
        return Err(Error::invalid_argument(format!(
            "the model file for '{name}' is not the one that device '{}' runs",
            endpoint.id
        )));
    }
    Ok(remote)
}

fn device(endpoint: &Endpoint) -> Result<Device> {
    Ok(Device {
        id: DeviceId::new(&endpoint.id),
        kind: endpoint.kind.into(),
        name: endpoint.name.clone().unwrap_or_else(|| "remote service".into()),
        driver: format!("godwit-remote {}", env!("CARGO_PKG_VERSION")),
        memory: None,
        capabilities: Capabilities {
            encodings: vec![Encoding::Remote],
            dtypes: DType::ALL.to_vec(),
            precision: endpoint.precision().unwrap_or(DType::F32),
            cancellation: Cancellation::AnyTime,
        },
        labels: endpoint.labels(),
    })
}
