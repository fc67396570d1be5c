//! Limits of the network: time, bytes, connections, retries.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::units;

/// Timeouts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// For name resolution, TCP and TLS. Default: 2 s.
    #[serde(deserialize_with = "units::duration")]
    pub connect: Duration,
    /// For a whole run, retries included. Default: 60 s.
    #[serde(deserialize_with = "units::duration")]
    pub request: Duration,
    /// Between two parts of an answer. Default: 10 s.
    #[serde(deserialize_with = "units::duration")]
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            request: Duration::from_secs(60),
            idle: Duration::from_secs(10),
        }
    }
}

/// The maximum sizes of a request and of an answer, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sizes {
    /// Of a request. Default: 256 MiB.
    #[serde(deserialize_with = "units::bytes")]
    pub request: u64,
    /// Of an answer. The announced length is checked before anything is read. Default: 256 MiB.
    #[serde(deserialize_with = "units::bytes")]
    pub response: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { request: 256 << 20, response: 256 << 20 }
    }
}

/// Idle connections, kept for the next request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pool {
    /// The maximum number. HTTP/2 and gRPC need one. Default: 32.
    pub idle: usize,
    /// How long they are kept. Default: 60 s.
    #[serde(deserialize_with = "units::duration")]
    pub keep: Duration,
}

impl Default for Pool {
    fn default() -> Self {
        Self { idle: 32, keep: Duration::from_secs(60) }
    }
}

/// When a request is retried.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// Attempts of one run, the first included. Default: 3.
    pub attempts: u32,
    /// The pause before the second attempt. It doubles with every further attempt, and a random part of it is used.
    /// Default: 50 ms.
    #[serde(deserialize_with = "units::duration")]
    pub pause: Duration,
    /// Retries per request of this endpoint, over time: with 0.1, one in ten requests may be retried. Default: 0.1.
    pub budget: f64,
    /// Whether a model may run twice for one call. Default: no, only requests that did not reach a model are
    /// retried.
    pub idempotent: bool,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 3, pause: Duration::from_millis(50), budget: 0.1, idempotent: false }
    }
}

/// Trusted certificates.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// A PEM file of trusted certificates.
    pub roots: Option<PathBuf>,
    /// Trust only those, and none of the system's.
    pub only: bool,
}

/// The version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Http2 {
    /// Negotiated with TLS; HTTP/1.1 without TLS.
    #[default]
    Auto,
    /// HTTP/2 without negotiation, with or without TLS.
    Always,
    /// HTTP/1.1.
    Never,
}
