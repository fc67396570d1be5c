//! What is granted to the network: time, bytes, connections, second chances.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::units;

/// How long each part of a request may take.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// Name resolution, TCP and TLS.
    #[serde(deserialize_with = "units::duration")]
    pub connect: Duration,
    /// A whole run, with its retries.
    #[serde(deserialize_with = "units::duration")]
    pub request: Duration,
    /// The silence between two pieces of an answer that has begun.
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

/// The most bytes of one request and of one answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sizes {
    /// Sent, in one request.
    #[serde(deserialize_with = "units::bytes")]
    pub request: u64,
    /// Received, in one answer. Held against what the server announces before anything is read.
    #[serde(deserialize_with = "units::bytes")]
    pub response: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { request: 256 << 20, response: 256 << 20 }
    }
}

/// Connections that wait for the next request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pool {
    /// How many may wait. HTTP/2 and gRPC need one.
    pub idle: usize,
    /// How long they do.
    #[serde(deserialize_with = "units::duration")]
    pub keep: Duration,
}

impl Default for Pool {
    fn default() -> Self {
        Self { idle: 32, keep: Duration::from_secs(60) }
    }
}

/// When a request is sent again.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// Tries of one run, the first included.
    pub attempts: u32,
    /// The pause before the second try; it doubles from there, and each is shortened by chance.
    #[serde(deserialize_with = "units::duration")]
    pub pause: Duration,
    /// Retries for each request of this endpoint, over time: 0.1 lets one in ten be sent again.
    pub budget: f64,
    /// Whether the models may be run twice for one call. Unset, only what surely did not reach a model is
    /// sent again.
    pub idempotent: bool,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 3, pause: Duration::from_millis(50), budget: 0.1, idempotent: false }
    }
}

/// Whom to trust.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// A PEM file of certificates to trust.
    pub roots: Option<PathBuf>,
    /// Trust those alone, and none of the system's.
    pub only: bool,
}

/// Which HTTP to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Http2 {
    /// What server and client agree on under TLS; HTTP/1.1 without.
    #[default]
    Auto,
    /// HTTP/2 without asking, also without TLS.
    Always,
    /// HTTP/1.1.
    Never,
}
