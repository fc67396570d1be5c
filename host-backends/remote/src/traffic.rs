use std::sync::atomic::{AtomicU64, Ordering};

use godwit_backend::DeviceId;
use metrics::Label;
use serde::Serialize;

/// The network traffic of one endpoint since the backend was opened. Bytes are those of bodies and messages,
/// which clouds charge for, without headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Traffic {
    /// Requests, retries included.
    pub requests: u64,
    /// Retries.
    pub retries: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
}

/// The counters behind [`Traffic`], which are metrics of the process too.
#[derive(Debug)]
pub(crate) struct Meter {
    requests: Counter,
    retries: Counter,
    sent: Counter,
    received: Counter,
}

impl Meter {
    pub(crate) fn new(device: &DeviceId) -> Self {
        let counter = |name: &'static str| Counter {
            count: AtomicU64::new(0),
            metric: metrics::counter!(name, vec![Label::new("device", device.as_str().to_owned())]),
        };
        Self {
            requests: counter("godwit_remote_requests_total"),
            retries: counter("godwit_remote_retries_total"),
            sent: counter("godwit_remote_sent_bytes_total"),
            received: counter("godwit_remote_received_bytes_total"),
        }
    }

    pub(crate) fn request(&self, is_retry: bool) {
        self.requests.add(1);
        self.retries.add(u64::from(is_retry));
    }

    pub(crate) fn sent(&self, bytes: u64) {
        self.sent.add(bytes);
    }

    pub(crate) fn received(&self, bytes: u64) {
        self.received.add(bytes);
    }

    pub(crate) fn read(&self) -> Traffic {
        Traffic {
            requests: self.requests.read(),
            retries: self.retries.read(),
            sent: self.sent.read(),
            received: self.received.read(),
        }
    }
}

struct Counter {
    count: AtomicU64,
    metric: metrics::Counter,
}

impl Counter {
    fn add(&self, count: u64) {
        self.count.fetch_add(count, Ordering::Relaxed);
        self.metric.increment(count);
    }

    fn read(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Counter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.count.fmt(f)
    }
}
