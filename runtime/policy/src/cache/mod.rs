mod shared_error;
mod slot;
mod watch;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use async_trait::async_trait;
use godwit_backend::{Backend, Device, Digest, Encoding, Graph, Model, Result, Target};
use moka::future::Cache;
use moka::policy::EvictionPolicy;

use self::shared_error::each_waiters_own;
use self::slot::Slot;
use self::watch::Watched;

/// moka weighs in 32 bits; counted in KiB that reaches 4 TiB.
const UNIT: u64 = 1024;

/// Compiles a model once for each target and shares the graph with everyone who brings the same bytes.
///
/// - Loads of one model at the same time compile once; all of them get the graph, or the error.
/// - Errors are not kept. If the caller whose load compiles goes away, another waiter takes over.
/// - Beyond the capacity the graphs unused for longest are let go. A graph that someone still holds stays
///   alive and is found again: one model never stands twice in a device's memory.
/// - A graph whose device was lost is never given out again.
#[derive(Debug)]
pub struct GraphCache {
    inner: Arc<dyn Backend>,
    kept: Cache<Key, Arc<Slot>>,
    alive: Mutex<HashMap<Key, Weak<Watched>>>,
}

/// The encoding is there because the same bytes may mean something else in another format.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    digest: Digest,
    encoding: Encoding,
    target: Target,
}

impl GraphCache {
    /// Keeps graphs with a footprint of `capacity` bytes in total beyond the time someone holds them.
    pub fn new(inner: Arc<dyn Backend>, capacity: u64) -> Self {
        let weight = |_: &Key, slot: &Arc<Slot>| {
            u32::try_from(slot.footprint().div_ceil(UNIT)).unwrap_or(u32::MAX).max(1)
        };
        let kept = Cache::builder()
            .name("graphs")
            .max_capacity(capacity / UNIT)
            .weigher(weight)
            .eviction_policy(EvictionPolicy::lru())
            .eviction_listener(|_, slot, _| slot.empty())
            .build();
        Self { inner, kept, alive: Mutex::default() }
    }

    async fn find_or_compile(
        &self,
        key: &Key,
        model: &Model,
        target: &Target,
    ) -> Result<Arc<Watched>> {
        loop {
            let own = OnceLock::new();
            let compile = async {
                let graph = match self.find_alive(key) {
                    Some(graph) => graph,
                    None => {
                        let graph = Arc::new(Watched::new(self.inner.load(model, target).await?));
                        self.remember(key.clone(), &graph);
                        graph
                    }
                };
                let slot = Arc::new(Slot::new(graph.clone()));
                // Set once: this future runs once at most.
                let _ = own.set(graph);
                Ok(slot)
            };
            let slot = self.kept.try_get_with_by_ref(key, compile).await;
            let slot = slot.map_err(each_waiters_own)?;
            if let Some(graph) = own.into_inner() {
                // moka evicts when it finds the time; a device's memory is wanted back now.
                self.kept.run_pending_tasks().await;
                return Ok(graph);
            }
            if let Some(graph) = slot.graph().or_else(|| self.find_alive(key)) {
                return Ok(graph);
            }
            // Evicted between being found and being read: it has to be compiled again.
            self.kept.invalidate(key).await;
        }
    }

    fn find_alive(&self, key: &Key) -> Option<Arc<Watched>> {
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        alive.get(key).and_then(Weak::upgrade).filter(|graph| !graph.is_lost())
    }

    fn remember(&self, key: Key, graph: &Arc<Watched>) {
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        alive.retain(|_, graph| graph.strong_count() > 0);
        alive.insert(key, Arc::downgrade(graph));
    }
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
        let graph = self.find_or_compile(&key, model, target).await?;
        if !graph.is_lost() {
            return Ok(graph);
        }
        self.kept.invalidate(&key).await;
        Ok(self.find_or_compile(&key, model, target).await?)
    }
}
