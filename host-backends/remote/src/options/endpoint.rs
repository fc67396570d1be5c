use std::collections::BTreeMap;
use std::path::Path;

use godwit_backend::{DType, DeviceKind, Error, Result};
use serde::{Deserialize, Deserializer, de};

use super::{
    Auth, Binary, Http2, Pool, Prices, Protocol, RemoteModel, Retry, Sizes, Timeouts, Tls,
};
use crate::protocol::ProtocolClient;

/// One remote service as one device.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The device's id, for example `triton:0` or `sagemaker:eu-west-1/trn1`.
    pub id: String,
    /// The service's URL. `https://host/v2/models/NAME` also selects one model.
    #[serde(deserialize_with = "address")]
    pub url: url::Url,
    /// The protocol.
    #[serde(default)]
    pub protocol: Protocol,
    /// Whether tensors are sent as bytes.
    #[serde(default)]
    pub binary: Binary,
    /// How to authenticate. Default: not at all.
    #[serde(default)]
    pub auth: Auth,
    /// Trusted certificates.
    #[serde(default)]
    pub tls: Tls,
    /// The proxy. Proxy variables of the environment are ignored.
    #[serde(default, deserialize_with = "maybe_address")]
    pub proxy: Option<url::Url>,
    /// The version of HTTP.
    #[serde(default)]
    pub http2: Http2,
    /// Timeouts.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// Size limits.
    #[serde(default)]
    pub limits: Sizes,
    /// Idle connections.
    #[serde(default)]
    pub pool: Pool,
    /// When a request is retried.
    #[serde(default)]
    pub retry: Retry,
    /// The server's models by the name that apps use. If empty, any name is passed on to the server,
    /// unless the URL selects one model.
    #[serde(default)]
    pub models: BTreeMap<String, RemoteModel>,
    /// The class of hardware behind the service.
    #[serde(default)]
    pub kind: Kind,
    /// The product's name, for display.
    #[serde(default)]
    pub name: Option<String>,
    /// The dtype in which it multiplies `f32` models. Default: `f32`.
    #[serde(default)]
    pub precision: Option<String>,
    /// The region, for display.
    #[serde(default)]
    pub region: Option<String>,
    /// The provider, for display.
    #[serde(default)]
    pub provider: Option<String>,
    /// The accelerator, for display.
    #[serde(default)]
    pub accelerator: Option<String>,
    /// Prices.
    #[serde(default)]
    pub price: Prices,
    /// More labels of the device.
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
    /// `InvalidArgument`. The address is not repeated: it may contain a password.
    pub fn at(id: impl Into<String>, address: &str) -> Result<Self> {
        let (address, protocol) = match address.split_once("://") {
            Some(("grpc", rest)) => (format!("http://{rest}"), Protocol::OipGrpc),
            Some(("grpcs", rest)) => (format!("https://{rest}"), Protocol::OipGrpc),
            _ => (address.to_owned(), Protocol::OipHttp),
        };
        let url = address.parse().map_err(|error| {
            Error::invalid_argument(format!("the address of a service is not a URL: {error}"))
        })?;
        Ok(Self { protocol, ..Self::new(id, url) })
    }

    /// The model that the URL selects.
    pub fn named_model(&self) -> Option<String> {
        ProtocolClient::named_model(self)
    }

    /// Resolves relative paths against `folder`, that of the configuration file.
    pub fn relative_to(&mut self, folder: &Path) {
        let files = [self.tls.roots.as_mut(), self.auth.file_mut()];
        for file in files.into_iter().flatten() {
            // Joining an absolute path replaces the folder.
            *file = folder.join(&file);
        }
    }

    /// Validates the configuration, without contacting the server.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, naming the device.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: &str| {
            Err(Error::invalid_argument(format!("the remote device '{}' {what}", self.id)))
        };
        if !self.id.contains(':') {
            return wrong("needs an id of a family and an index, such as 'triton:0'");
        }
        if !matches!(self.url.scheme(), "http" | "https") || self.url.host().is_none() {
            return wrong("needs a url that starts with http:// or https://");
        }
        if !self.url.username().is_empty() || self.url.password().is_some() {
            return wrong("has a password in its url: refer to it under 'auth' instead");
        }
        if let Some(proxy) = &self.proxy {
            if !matches!(proxy.scheme(), "http" | "https") || proxy.host().is_none() {
                return wrong("needs a proxy that starts with http:// or https://");
            }
            if !proxy.username().is_empty() || proxy.password().is_some() {
                return wrong("has a password in the address of its proxy, which is not supported");
            }
        }
        if self.timeouts.request.is_zero() || self.timeouts.connect.is_zero() {
            return wrong("has a timeout of zero: the timeout must be greater than zero");
        }
        if !(0.0..=1.0).contains(&self.retry.budget) {
            return wrong("has a retry budget outside 0 to 1");
        }
        if self.precision().is_none() {
            return wrong("has a precision that is not a dtype");
        }
        Ok(())
    }

    pub(crate) fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.labels.clone();
        let said = [
            ("protocol", Some(self.protocol.name().to_owned())),
            ("hardware", (self.kind == Kind::Unknown).then(|| "unknown".to_owned())),
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

/// The class of hardware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A CPU.
    Cpu,
    /// A GPU.
    Gpu,
    /// Any other accelerator.
    Tpu,
    /// Not configured. [`DeviceKind`] and `wasi:nn` have no such class: it counts as [`DeviceKind::Tpu`], and
    /// the device has the label `hardware=unknown`.
    #[default]
    Unknown,
}

impl From<Kind> for DeviceKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Cpu => Self::Cpu,
            Kind::Gpu => Self::Gpu,
            Kind::Tpu | Kind::Unknown => Self::Tpu,
        }
    }
}

fn maybe_address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<url::Url>, D::Error> {
    address(from).map(Some)
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<url::Url, D::Error> {
    let text = String::deserialize(from)?;
    // The text is not repeated: it may contain a password.
    text.parse().map_err(|error| de::Error::custom(format!("this is not a url: {error}")))
}
