use std::sync::Arc;
use std::time::{Duration, Instant};

use godwit_backend::{DeviceId, ErrorKind, Model, Tensor};
use metrics::{Counter, Histogram, Label};

use crate::Ledger;
use crate::ledger::Account;

/// Started when a call comes in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The ledger's account and the metrics of one model on one device.
#[derive(Debug)]
pub(super) struct Meter {
    model: Arc<str>,
    device: DeviceId,
    account: Arc<Account>,
    loads: Counter,
    load_seconds: Histogram,
    runs: Counter,
    run_seconds: Histogram,
    bytes_in: Counter,
    bytes_out: Counter,
}

impl Meter {
    pub(super) fn new(model: &Model, device: &DeviceId, ledger: &Ledger) -> Self {
        let labels = || labels(model.name(), device);
        let bytes = |direction: &'static str| {
            let mut labels = labels();
            labels.push(Label::from_static_parts("direction", direction));
            metrics::counter!("godwit_tensor_bytes_total", labels)
        };
        Self {
            model: model.name().clone(),
            device: device.clone(),
            account: ledger.account(model.name(), model.digest(), device),
            loads: metrics::counter!("godwit_loads_total", labels()),
            load_seconds: metrics::histogram!("godwit_load_seconds", labels()),
            runs: metrics::counter!("godwit_runs_total", labels()),
            run_seconds: metrics::histogram!("godwit_run_seconds", labels()),
            bytes_in: bytes("in"),
            bytes_out: bytes("out"),
        }
    }

    pub(super) fn model(&self) -> &str {
        &self.model
    }

    pub(super) fn device(&self) -> &DeviceId {
        &self.device
    }

    pub(super) fn loaded(&self, time: Duration) {
        self.account.loaded();
        self.loads.increment(1);
        self.load_seconds.record(time);
    }

    pub(super) fn ran(&self, time: Duration, bytes_in: u64, bytes_out: u64) {
        self.account.ran(time, bytes_in, bytes_out);
        self.runs.increment(1);
        self.run_seconds.record(time);
        self.bytes_in.increment(bytes_in);
        self.bytes_out.increment(bytes_out);
    }

    pub(super) fn failed(&self, kind: ErrorKind) {
        self.account.failed();
        let mut labels = labels(&self.model, &self.device);
        labels.push(Label::from_static_parts("kind", kind_label(kind)));
        metrics::counter!("godwit_errors_total", labels).increment(1);
    }
}

fn labels(model: &str, device: &DeviceId) -> Vec<Label> {
    vec![Label::new("model", model.to_owned()), Label::new("device", device.to_string())]
}

/// The bytes of all `tensors`.
pub(super) fn byte_len(tensors: &[Tensor]) -> u64 {
    tensors.iter().map(|tensor| tensor.byte_len() as u64).sum()
}

fn kind_label(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidArgument => "invalid-argument",
        ErrorKind::InvalidEncoding => "invalid-encoding",
        ErrorKind::NotFound => "not-found",
        ErrorKind::Denied => "denied",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::TooLarge => "too-large",
        ErrorKind::OutOfMemory => "out-of-memory",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Cancelled => "cancelled",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::DeviceLost => "device-lost",
        ErrorKind::Failed => "failed",
        ErrorKind::Internal => "internal",
        _ => "other",
    }
}
