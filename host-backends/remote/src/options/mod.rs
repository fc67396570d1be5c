//! The configuration. Every type is read from TOML or JSON, refuses unknown fields, and can be printed without
//! revealing a secret.

mod auth;
mod endpoint;
mod model;
mod network;
mod price;
mod protocol;
mod secret;
mod units;

pub use auth::{Auth, Bearer, Google, HeaderAuth, Sigv4};
pub use endpoint::{Endpoint, Kind};
pub use model::{RemoteModel, tensor_info};
pub use network::{Http2, Pool, Retry, Sizes, Timeouts, Tls};
pub use price::{Cost, Prices};
pub use protocol::{Binary, Protocol, Template};
pub use secret::Secret;
pub(crate) use secret::SecretValue;

/// The configuration of a remote backend.
#[derive(Debug, Clone, PartialEq, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteOptions {
    /// The endpoints. Each becomes one device.
    pub endpoints: Vec<Endpoint>,
}
