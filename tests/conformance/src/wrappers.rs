//! A subject's backend under each wrapper: every limit set, none so low that it shows.

use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{Backend, DeviceKind};
use godwit_fake::{FakeBackend, FakeDevice};
use godwit_model::Limits;
use godwit_policy::{
    Admission, AdmissionLimits, Checked, GraphCache, Ledger, Metered, Router, Stack,
};
use godwit_verify::{RecordLimits, Recorder, Tape};

use crate::Subject;

const CACHE_BYTES: u64 = 1 << 30;

/// As it is.
pub fn plain(subject: Subject) -> Subject {
    subject
}

/// As one of several backends.
pub fn routed(subject: Subject) -> Subject {
    subject.wrap(|backend| Arc::new(Router::new(among_others(backend))))
}

/// `backend` after one that is absent and one that reads everything.
pub fn among_others(backend: Arc<dyn Backend>) -> Vec<Arc<dyn Backend>> {
    let absent = FakeBackend::builder().family("absent").absent("as planned").build();
    let other =
        FakeBackend::builder().family("other").device(FakeDevice::new(DeviceKind::Cpu)).build();
    vec![Arc::new(absent), Arc::new(other), backend]
}

/// Behind the check of model files.
pub fn checked(subject: Subject) -> Subject {
    let subject = Subject { checked: true, ..subject };
    subject.wrap(|backend| Arc::new(Checked::new(backend, Limits::default())))
}

/// With a tenant's limits.
pub fn admitted(subject: Subject) -> Subject {
    subject.wrap(|backend| Arc::new(Admission::new(backend, limits())))
}

/// Behind the cache of graphs.
pub fn cached(subject: Subject) -> Subject {
    subject.wrap(|backend| Arc::new(GraphCache::new(backend, CACHE_BYTES)))
}

/// With everything booked.
pub fn metered(subject: Subject) -> Subject {
    subject.wrap(|backend| Arc::new(Metered::new(backend, Ledger::new())))
}

/// With every run on a tape, which is full before long.
pub fn recorded(subject: Subject) -> Subject {
    subject.wrap(|backend| Arc::new(Recorder::new(backend, tape())))
}

/// Under all of these, in the order that a host has them in.
pub fn stacked(subject: Subject) -> Subject {
    let subject = Subject { checked: true, ..subject };
    subject.wrap(|backend| {
        let stack = Stack::new(among_others(backend), Limits::default(), CACHE_BYTES);
        Arc::new(Recorder::new(stack.tenant(limits(), Ledger::new()), tape()))
    })
}

fn tape() -> Tape {
    Tape::new(RecordLimits { bytes: 1 << 20, ..RecordLimits::default() })
}

fn limits() -> AdmissionLimits {
    let minutes = Some(Duration::from_secs(600));
    AdmissionLimits {
        concurrent_runs: 64,
        queued_runs: 64,
        device_bytes: 1 << 40,
        run_deadline: minutes,
        load_deadline: minutes,
        models: None,
    }
}
