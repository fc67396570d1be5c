//! What the operator configures: every type is read from TOML or JSON, refuses fields it does not know,
//! and can be printed without giving a secret away.

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
pub(crate) use secret::Revealed;
pub use secret::Secret;

/// The endpoints of a remote backend.
#[derive(Debug, Clone, PartialEq, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteOptions {
    /// One device each.
    pub endpoints: Vec<Endpoint>,
}
