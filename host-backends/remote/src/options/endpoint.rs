use std::collections::BTreeMap;
use std::path::Path;

use godwit_backend::{DType, DeviceKind, Error, Result};
use serde::{Deserialize, Deserializer, de};

use super::{
    Auth, Binary, Http2, Pool, Prices, Protocol, RemoteModel, Retry, Sizes, Timeouts, Tls,
};
use crate::protocol::Wire;

/// One remote service as one device.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The device's id, `triton:0` or `sagemaker:eu-west-1/trn1` for instance.
    pub id: String,
    /// Where the service is. `https://host/v2/models/NAME` names its one model too.
    #[serde(deserialize_with = "address")]
    pub url: url::Url,
    /// What is spoken there.
    #[serde(default)]
    pub protocol: Protocol,
    /// Whether tensors travel as bytes.
    #[serde(default)]
    pub binary: Binary,
    /// Who we are.
    #[serde(default)]
    pub auth: Auth,
    /// Whom to trust.
    #[serde(default)]
    pub tls: Tls,
    /// A proxy to go through. None of the environment is used.
    #[serde(default, deserialize_with = "maybe_address")]
    pub proxy: Option<url::Url>,
    /// Which HTTP to speak.
    #[serde(default)]
    pub http2: Http2,
    /// How long things may take.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// How many bytes may travel.
    #[serde(default)]
    pub limits: Sizes,
    /// Connections that are kept.
    #[serde(default)]
    pub pool: Pool,
    /// When a request is sent again.
    #[serde(default)]
    pub retry: Retry,
    /// The server's models by the name that hosts use. Empty, any name is asked for as it is, unless the
    /// URL names the one model there is.
    #[serde(default)]
    pub models: BTreeMap<String, RemoteModel>,
    /// The class of hardware behind it.
    #[serde(default)]
    pub kind: Kind,
    /// The product's name, for people.
    #[serde(default)]
    pub name: Option<String>,
    /// What it multiplies `f32` models in.
    #[serde(default)]
    pub precision: Option<String>,
    /// Where it stands.
    #[serde(default)]
    pub region: Option<String>,
    /// Who runs it.
    #[serde(default)]
    pub provider: Option<String>,
    /// The accelerator behind it.
    #[serde(default)]
    pub accelerator: Option<String>,
    /// What it costs.
    #[serde(default)]
    pub price: Prices,
    /// Anything else worth knowing.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

impl Endpoint {
    /// An endpoint at `url` with the defaults for everything else.
    pub fn new(id: impl Into<String>, url: url::Url) -> Self {
        Self {
            id: id.into(),
            url,
            protocol: Protocol::default(),
            binary: Binary::default(),
            auth: Auth::default(),
            tls: Tls::default(),
            proxy: None,
            http2: Http2::default(),
            timeouts: Timeouts::default(),
            limits: Sizes::default(),
            pool: Pool::default(),
            retry: Retry::default(),
            models: BTreeMap::new(),
            kind: Kind::default(),
            name: None,
            precision: None,
            region: None,
            provider: None,
            accelerator: None,
            price: Prices::default(),
            labels: BTreeMap::new(),
        }
    }

    /// An endpoint at `address`: `https://HOST`, with or without `/v2/models/NAME`, or the same beginning
    /// with `grpc://` or `grpcs://` for gRPC without or with TLS.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`. What cannot be read may hold a password, so it is not repeated.
    pub fn at(id: impl Into<String>, address: &str) -> Result<Self> {
        let (address, protocol) = match address.split_once("://") {
            Some(("grpc", rest)) => (format!("http://{rest}"), Protocol::OipGrpc),
            Some(("grpcs", rest)) => (format!("https://{rest}"), Protocol::OipGrpc),
            _ => (address.to_owned(), Protocol::OipHttp),
        };
        let url = address.parse().map_err(|error| {
            Error::invalid_argument(format!("the address of a service cannot be read: {error}"))
        })?;
        Ok(Self { protocol, ..Self::new(id, url) })
    }

    /// The one model that the URL names.
    pub fn named_model(&self) -> Option<String> {
        Wire::named_model(self)
    }

    /// Takes paths as they are meant in a file of `folder`.
    pub fn relative_to(&mut self, folder: &Path) {
        let files = [self.tls.roots.as_mut(), self.auth.file_mut()];
        for file in files.into_iter().flatten() {
            // An absolute path stays what it is.
            *file = folder.join(&file);
        }
    }

    /// Finds what no server needs to be asked about.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, naming the device.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: &str| {
            Err(Error::invalid_argument(format!("the remote device '{}' {what}", self.id)))
        };
        if !self.id.contains(':') {
            return wrong("needs a family and an index in its id, such as 'triton:0'");
        }
        if !matches!(self.url.scheme(), "http" | "https") || self.url.host().is_none() {
            return wrong("needs a url that begins with http:// or https://");
        }
        if !self.url.username().is_empty() || self.url.password().is_some() {
            return wrong("has a secret in its url: give it by reference, under 'auth'");
        }
        if let Some(proxy) = &self.proxy {
            if !matches!(proxy.scheme(), "http" | "https") || proxy.host().is_none() {
                return wrong("needs a proxy that begins with http:// or https://");
            }
            if !proxy.username().is_empty() || proxy.password().is_some() {
                return wrong("has a secret in the address of its proxy, where none may be");
            }
        }
        if self.timeouts.request.is_zero() || self.timeouts.connect.is_zero() {
            return wrong("has a timeout of zero, in which nothing can be done");
        }
        if !(0.0..=1.0).contains(&self.retry.budget) {
            return wrong("has a retry budget that is not between 0 and 1");
        }
        if self.precision().is_none() {
            return wrong("has a precision that is no dtype");
        }
        Ok(())
    }

    pub(crate) fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.labels.clone();
        let said = [
            ("protocol", Some(self.protocol.name().to_owned())),
            ("region", self.region.clone()),
            ("provider", self.provider.clone()),
            ("accelerator", self.accelerator.clone()),
            ("price-per-hour", self.price.per_hour.map(|price| price.to_string())),
            ("price-per-1000-calls", self.price.per_1000_calls.map(|price| price.to_string())),
            ("egress-price-per-gb", self.price.egress_per_gb.map(|price| price.to_string())),
        ];
        labels.extend(said.into_iter().filter_map(|(name, value)| Some((name.into(), value?))));
        labels
    }

    pub(crate) fn precision(&self) -> Option<DType> {
        let Some(asked) = self.precision.as_deref() else { return Some(DType::F32) };
        DType::ALL.into_iter().find(|dtype| dtype.name() == asked)
    }
}

/// The class of hardware, in the words of [`DeviceKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A processor.
    Cpu,
    /// A graphics processor.
    Gpu,
    /// Any other accelerator, and what nothing is known about.
    #[default]
    Tpu,
}

impl From<Kind> for DeviceKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Cpu => Self::Cpu,
            Kind::Gpu => Self::Gpu,
            Kind::Tpu => Self::Tpu,
        }
    }
}

fn maybe_address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<url::Url>, D::Error> {
    address(from).map(Some)
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<url::Url, D::Error> {
    let text = String::deserialize(from)?;
    // What does not parse may still hold a password, so it is not repeated.
    text.parse().map_err(|error| de::Error::custom(format!("the url cannot be read: {error}")))
}
