use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use godwit_backend::{DeviceId, Digest};

use crate::{Report, ReportRow};

/// The name under which a full ledger books the models it has no row for.
pub const OTHER_MODELS: &str = "(other models)";

/// More rows than an operator reads, and few enough that a guest bringing ever new models costs nothing.
const ROWS: usize = 4096;

/// What ran where, how often, how long, and with how many bytes. Clones share the account.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Mutex<HashMap<Key, Arc<Account>>>>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    model: Arc<str>,
    digest: Option<Digest>,
    device: DeviceId,
}

impl Ledger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    /// All rows so far, by model and device.
    pub fn report(&self) -> Report {
        let accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows: Vec<ReportRow> =
            accounts.iter().map(|(key, account)| row(key, account)).collect();
        rows.sort_by(|a, b| {
            (&a.model, &a.digest, &a.device).cmp(&(&b.model, &b.digest, &b.device))
        });
        Report { rows }
    }

    /// The account of one model on one device.
    pub(crate) fn account(
        &self,
        model: &Arc<str>,
        digest: Digest,
        device: &DeviceId,
    ) -> Arc<Account> {
        let key = Key { model: model.clone(), digest: Some(digest), device: device.clone() };
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = accounts.get(&key) {
            return account.clone();
        }
        let key = if accounts.len() < ROWS {
            key
        } else {
            Key { model: OTHER_MODELS.into(), digest: None, ..key }
        };
        accounts.entry(key).or_default().clone()
    }
}

/// The figures of one model on one device. Recording is a handful of atomic additions.
#[derive(Debug)]
pub(crate) struct Account {
    loads: AtomicU64,
    runs: AtomicU64,
    errors: AtomicU64,
    nanos: AtomicU64,
    min_nanos: AtomicU64,
    max_nanos: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

impl Default for Account {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            loads: zero(),
            runs: zero(),
            errors: zero(),
            nanos: zero(),
            min_nanos: AtomicU64::new(u64::MAX),
            max_nanos: zero(),
            bytes_in: zero(),
            bytes_out: zero(),
        }
    }
}

impl Account {
    pub(crate) fn loaded(&self) {
        self.loads.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    /// Books a run that gave its outputs.
    pub(crate) fn ran(&self, time: Duration, bytes_in: u64, bytes_out: u64) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.runs.fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
        self.min_nanos.fetch_min(nanos, Ordering::Relaxed);
        self.max_nanos.fetch_max(nanos, Ordering::Relaxed);
        self.bytes_in.fetch_add(bytes_in, Ordering::Relaxed);
        self.bytes_out.fetch_add(bytes_out, Ordering::Relaxed);
    }
}

fn row(key: &Key, account: &Account) -> ReportRow {
    let read = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
    let time = |figure: &AtomicU64| Duration::from_nanos(read(figure));
    let runs = read(&account.runs);
    ReportRow {
        model: key.model.clone(),
        digest: key.digest,
        device: key.device.clone(),
        loads: read(&account.loads),
        runs,
        errors: read(&account.errors),
        total: time(&account.nanos),
        min: (runs > 0).then(|| time(&account.min_nanos)),
        max: (runs > 0).then(|| time(&account.max_nanos)),
        bytes_in: read(&account.bytes_in),
        bytes_out: read(&account.bytes_out),
    }
}
