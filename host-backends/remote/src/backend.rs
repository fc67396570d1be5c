use std::sync::Arc;

use async_trait::async_trait;
use godwit_backend::{
    Backend, Cancellation, Capabilities, DType, Device, DeviceId, Digest, Encoding, Error, Graph,
    Model, Result, Target, known,
};

use crate::graph::RemoteGraph;
use crate::options::{Endpoint, RemoteModel, RemoteOptions};
use crate::reactor::Reactor;
use crate::service::Service;
use crate::{Health, Traffic};

/// Models that are served elsewhere: one device for each endpoint.
///
/// Opening it calls nobody. A server is asked about a model when the model is loaded.
#[derive(Debug)]
pub struct Remote {
    services: Vec<Arc<Service>>,
    reactor: Arc<Reactor>,
}

impl Remote {
    /// Sets up the connections to every endpoint.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for a configuration that cannot work, naming the device.
    pub fn open(options: RemoteOptions) -> Result<Self> {
        let reactor = Arc::new(Reactor::start()?);
        let mut services: Vec<Arc<Service>> = Vec::new();
        for endpoint in options.endpoints {
            check(&endpoint)?;
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

    /// The health of each endpoint, as its recent calls tell.
    pub fn health(&self) -> Vec<(DeviceId, Health)> {
        let health = |service: &Arc<Service>| (service.device.id.clone(), service.watch.read());
        self.services.iter().map(health).collect()
    }

    /// What went over the network for each endpoint.
    pub fn traffic(&self) -> Vec<(DeviceId, Traffic)> {
        let traffic = |service: &Arc<Service>| (service.device.id.clone(), service.meter.read());
        self.services.iter().map(traffic).collect()
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

    /// Every endpoint that is configured, whether it can be reached at the moment or not.
    fn devices(&self) -> Result<Vec<Device>> {
        if self.services.is_empty() {
            return Err(Error::unavailable("no remote endpoint is configured"));
        }
        Ok(self.services.iter().map(|service| service.device.clone()).collect())
    }

    /// Asks the server for the model of this name. The model's bytes stay here.
    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let service = self.service(&target.device)?;
        if let Some(option) = target.options.keys().next() {
            let message = format!("a remote device has no option '{option}'");
            return Err(Error::unsupported(message));
        }
        let remote = resolve(service, model)?;
        let asked = service.clone();
        let describe = async move { asked.describe(&remote).await };
        let (signature, call) = self.reactor.run(describe).await?;
        let reactor = self.reactor.clone();
        Ok(Arc::new(RemoteGraph::new(service.clone(), reactor, signature, call)))
    }
}

/// The server's model that stands for `model`.
fn resolve(service: &Service, model: &Model) -> Result<RemoteModel> {
    let endpoint = &service.options;
    let name = &**model.name();
    let mut remote = match endpoint.models.get(name) {
        Some(remote) => remote.clone(),
        None if endpoint.models.is_empty() => {
            RemoteModel { model: service.named_model(), ..RemoteModel::default() }
        }
        None => {
            let names = endpoint.models.keys().map(String::as_str);
            let known = known("models", name, names);
            let message = format!("device '{}' serves no model '{name}': {known}", endpoint.id);
            return Err(Error::not_found(message));
        }
    };
    remote.model.get_or_insert_with(|| name.to_owned());
    if let Some(sha256) = &remote.sha256
        && model.byte_len() > 0
        && !sha256.eq_ignore_ascii_case(&hex(model.digest()))
    {
        return Err(Error::invalid_argument(format!(
            "the model '{name}' here is another than the one that device '{}' serves",
            endpoint.id
        )));
    }
    Ok(remote)
}

fn hex(digest: Digest) -> String {
    digest.to_string()
}

/// Finds what no server needs to be asked about.
fn check(endpoint: &Endpoint) -> Result<()> {
    let wrong = |what: &str| {
        Err(Error::invalid_argument(format!("the remote device '{}' {what}", endpoint.id)))
    };
    if !endpoint.id.contains(':') {
        return wrong("needs a family and an index in its id, such as 'triton:0'");
    }
    if !matches!(endpoint.url.scheme(), "http" | "https") || endpoint.url.host().is_none() {
        return wrong("needs a url that begins with http:// or https://");
    }
    if !endpoint.url.username().is_empty() || endpoint.url.password().is_some() {
        return wrong("has a secret in its url: give it by reference, under 'auth'");
    }
    if endpoint.timeouts.request.is_zero() || endpoint.timeouts.connect.is_zero() {
        return wrong("has a timeout of zero, in which nothing can be done");
    }
    if !(0.0..=1.0).contains(&endpoint.retry.budget) {
        return wrong("has a retry budget that is not between 0 and 1");
    }
    if endpoint.precision().is_none() {
        return wrong("has a precision that is no dtype");
    }
    Ok(())
}

fn device(endpoint: &Endpoint) -> Result<Device> {
    Ok(Device {
        id: DeviceId::new(&endpoint.id),
        kind: endpoint.kind.into(),
        name: endpoint.name.clone().unwrap_or_else(|| "remote service".into()),
        driver: format!("godwit-remote {}", env!("CARGO_PKG_VERSION")),
        memory: None,
        capabilities: Capabilities {
            // The bytes are not read here, so they may be anything.
            encodings: Encoding::ALL.to_vec(),
            dtypes: DType::ALL.to_vec(),
            precision: endpoint.precision().unwrap_or(DType::F32),
            cancellation: Cancellation::AnyTime,
        },
        labels: endpoint.labels(),
    })
}
