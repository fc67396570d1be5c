use std::sync::atomic::{AtomicU64, Ordering};

use godwit_backend::DeviceId;
use metrics::{Counter, Label};
use serde::Serialize;

/// What went over the network for one endpoint since the backend was opened. Bytes are those of bodies and
/// messages: what clouds charge by, without the headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Traffic {
    /// Requests, retries included.
    pub requests: u64,
    /// Those that were sent again.
    pub retries: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
}

/// The counters behind a [`Traffic`], told to the process's metrics too.
#[derive(Debug)]
pub(crate) struct Meter {
    requests: AtomicU64,
    retries: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    told: [Told; 4],
}

struct Told(Counter);

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Counter")
    }
}

impl Meter {
    pub(crate) fn new(device: &DeviceId) -> Self {
        let label = || vec![Label::new("device", device.as_str().to_owned())];
        Self {
            requests: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            told: [
                metrics::counter!("godwit_remote_requests_total", label()),
                metrics::counter!("godwit_remote_retries_total", label()),
                metrics::counter!("godwit_remote_sent_bytes_total", label()),
                metrics::counter!("godwit_remote_received_bytes_total", label()),
            ]
            .map(Told),
        }
    }

    pub(crate) fn request(&self, again: bool) {
        let [requests, retries, ..] = &self.told;
        self.requests.fetch_add(1, Ordering::Relaxed);
        requests.0.increment(1);
        if again {
            self.retries.fetch_add(1, Ordering::Relaxed);
            retries.0.increment(1);
        }
    }

    pub(crate) fn sent(&self, bytes: u64) {
        let [_, _, sent, _] = &self.told;
        self.sent.fetch_add(bytes, Ordering::Relaxed);
        sent.0.increment(bytes);
    }

    pub(crate) fn received(&self, bytes: u64) {
        let [_, _, _, received] = &self.told;
        self.received.fetch_add(bytes, Ordering::Relaxed);
        received.0.increment(bytes);
    }

    pub(crate) fn read(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
        }
    }
}
