mod entries;
mod shared_error;
mod watch;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::FutureExt as _;
use godwit_backend::{Backend, Device, Digest, Encoding, Error, Graph, Model, Result, Target};

use self::entries::{Entries, Found, Load};
use self::shared_error::each_waiters_own;
use self::watch::Watched;

/// Compiles a model once for each target and shares the graph with everyone who brings the same bytes.
///
/// - Loads of one model at the same time compile once; all of them get the graph, or the error.
/// - Errors are not kept. If the caller whose load compiles goes away, another waiter takes over; if all of
///   them go away, the load is cancelled.
/// - Beyond the capacity the graphs unused for longest are let go, and their device memory is free when the
///   load that displaced them returns. A graph that someone still holds stays alive and is found again: one
///   model never stands twice in a device's memory.
/// - A graph whose device was lost is never given out again.
#[derive(Debug)]
pub struct GraphCache {
    inner: Arc<dyn Backend>,
    entries: Arc<Mutex<Entries>>,
}

/// The encoding is there because the same bytes may mean something else in another format.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    digest: Digest,
    encoding: Encoding,
    target: Target,
}

impl GraphCache {
    /// Keeps graphs with a footprint of `capacity` bytes in total beyond the time someone holds them. A graph
    /// counts as 1 KiB at least, so that those which hold nothing here are bounded too.
    pub fn new(inner: Arc<dyn Backend>, capacity: u64) -> Self {
        Self { inner, entries: Arc::new(Mutex::new(Entries::new(capacity))) }
    }

    /// The load that compiles: its handles are the callers that wait for it.
    fn compile(&self, key: &Key, model: &Model) -> Load {
        let (inner, entries) = (self.inner.clone(), self.entries.clone());
        let (key, model) = (key.clone(), model.clone());
        let load = async move {
            // A panic would otherwise be every waiter's.
            let load = AssertUnwindSafe(inner.load(&model, &key.target)).catch_unwind();
            let outcome = load.await.unwrap_or_else(|_| Err(Error::internal("a load panicked")));
            let outcome = outcome.map(|graph| Arc::new(Watched::new(graph))).map_err(Arc::new);
            let freed = lock(&entries).finish(&key, outcome.as_ref().ok());
            // Outside the lock: releasing a device's memory can take a while.
            drop(freed);
            outcome
        };
        load.boxed().shared()
    }
}

/// Every change under the lock is complete before anything in it can panic.
fn lock(entries: &Mutex<Entries>) -> std::sync::MutexGuard<'_, Entries> {
    entries.lock().unwrap_or_else(PoisonError::into_inner)
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for GraphCache {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn devices(&self) -> Result<Vec<Device>> {
        self.inner.devices()
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let key =
            Key { digest: model.digest(), encoding: model.encoding(), target: target.clone() };
        loop {
            let (found, freed) = lock(&self.entries).find(&key, || self.compile(&key, model));
            drop(freed);
            let graph = match found {
                Found::Graph(graph) => graph,
                Found::Loading(load) => load.await.map_err(each_waiters_own)?,
            };
            // Its device may have been lost while this caller waited for the lock.
            if !graph.is_lost() {
                return Ok(graph);
            }
        }
    }
}
