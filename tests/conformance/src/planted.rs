//! Faults to be planted in a subject, and what the suite says of them.

use std::future::Future;
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use godwit_backend::{Backend, Device, Graph, Model, Result, Target};

use crate::{NativeBlock, Subject, check_within};

/// How long the suite waits for what a faulty subject will not do.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why `case` fails on the faulty subject that `make` makes.
///
/// # Panics
///
/// When it passes.
pub fn fault_of<M, C, F>(make: M, case: C) -> String
where
    M: FnOnce() -> Subject + Send + 'static,
    C: FnOnce(Subject) -> F + Send + 'static,
    F: Future<Output = ()>,
{
    let checked = catch_unwind(AssertUnwindSafe(|| check_within(PATIENCE, make, case)));
    let panic = checked.expect_err("the suite is blind to it");
    let formatted = panic.downcast_ref::<String>().cloned();
    formatted.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

/// Takes memory of the C library for each load, as an engine in C++ does: Rust's allocator does not know of it.
#[derive(Debug)]
pub struct Hungry {
    inner: Arc<dyn Backend>,
    bytes: usize,
    leaks: bool,
}

impl Hungry {
    /// Never frees the `bytes` that a load takes.
    pub fn leaking(inner: Arc<dyn Backend>, bytes: usize) -> Self {
        Self { inner, bytes, leaks: true }
    }

    /// Frees them when the load ends.
    pub fn greedy(inner: Arc<dyn Backend>, bytes: usize) -> Self {
        Self { inner, bytes, leaks: false }
    }
}

#[async_trait]
impl Backend for Hungry {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn devices(&self) -> Result<Vec<Device>> {
        self.inner.devices()
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let block = NativeBlock::new(self.bytes);
        let _freed = if self.leaks {
            forget(block);
            None
        } else {
            Some(block)
        };
        self.inner.load(model, target).await
    }
}
