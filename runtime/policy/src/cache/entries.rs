use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::sync::{Arc, Weak};

use futures::future::{BoxFuture, Shared, WeakShared};
use godwit_backend::{Error, Graph as _};

use super::Key;
use super::watch::Watched;

/// The least that a kept graph counts for.
const LEAST: u64 = 1024;

/// A load under way. It ends when the last handle is dropped, which only waiting callers hold.
pub(super) type Load = Shared<BoxFuture<'static, Result<Arc<Watched>, Arc<Error>>>>;

type WeakLoad = WeakShared<BoxFuture<'static, Result<Arc<Watched>, Arc<Error>>>>;

/// What must not be dropped before the lock on the entries is given back: it may hold a device's memory.
#[derive(Default)]
pub(super) struct Freed {
    graphs: Vec<Arc<Watched>>,
    loads: Vec<Load>,
}

/// What a caller gets for a key.
pub(super) enum Found {
    Graph(Arc<Watched>),
    Loading(Load),
}

/// The graphs that are known: kept, or held by someone, or on their way.
#[derive(Debug)]
pub(super) struct Entries {
    by_key: HashMap<Key, Entry>,
    capacity: u64,
    /// What the kept graphs count for.
    kept: u64,
    /// Counts uses, so that the entry with the smallest number is the one unused for longest.
    now: u64,
}

#[derive(Debug, Default)]
struct Entry {
    graph: Weak<Watched>,
    kept: Option<Arc<Watched>>,
    used: u64,
    load: Option<WeakLoad>,
}

impl Entries {
    pub(super) fn new(capacity: u64) -> Self {
        Self { by_key: HashMap::new(), capacity, kept: 0, now: 0 }
    }

    /// The graph for `key`, or the load that will give it, which is `begin` if there is none.
    pub(super) fn find(&mut self, key: &Key, begin: impl FnOnce() -> Load) -> (Found, Freed) {
        let mut freed = Freed::default();
        let entry = self.by_key.get(key);
        if let Some(graph) = entry.and_then(|entry| entry.graph.upgrade()) {
            if !graph.is_lost() {
                self.keep(key, &graph, &mut freed);
                return (Found::Graph(graph), freed);
            }
            freed.graphs.push(graph);
        } else if let Some(load) = entry.and_then(|entry| entry.load.as_ref()?.upgrade()) {
            return (Found::Loading(load), freed);
        }
        self.forget(key, &mut freed);
        self.by_key.retain(|_, entry| {
            let load = entry.load.as_ref().and_then(WeakShared::upgrade);
            let lives = load.is_some() || entry.kept.is_some() || entry.graph.strong_count() > 0;
            freed.loads.extend(load);
            lives
        });
        let load = begin();
        let entry = Entry { load: load.downgrade(), ..Entry::default() };
        self.by_key.insert(key.clone(), entry);
        (Found::Loading(load), freed)
    }

    /// The load for `key` has ended, with a graph if it went well.
    pub(super) fn finish(&mut self, key: &Key, graph: Option<&Arc<Watched>>) -> Freed {
        let mut freed = Freed::default();
        self.forget(key, &mut freed);
        if let Some(graph) = graph {
            let entry = Entry { graph: Arc::downgrade(graph), ..Entry::default() };
            self.by_key.insert(key.clone(), entry);
            self.keep(key, graph, &mut freed);
        }
        freed
    }

    /// Makes `graph` the one used last, and lets go of others if they are too many.
    fn keep(&mut self, key: &Key, graph: &Arc<Watched>, freed: &mut Freed) {
        self.now += 1;
        let Some(entry) = self.by_key.get_mut(key) else { return };
        entry.used = self.now;
        if entry.kept.is_some() {
            return;
        }
        entry.kept = Some(graph.clone());
        self.kept = self.kept.saturating_add(weight(graph));
        while self.kept > self.capacity {
            let kept = self.by_key.values_mut().filter(|entry| entry.kept.is_some());
            let oldest = kept.min_by_key(|entry| entry.used);
            let Some(graph) = oldest.and_then(|entry| entry.kept.take()) else { return };
            self.kept = self.kept.saturating_sub(weight(&graph));
            freed.graphs.push(graph);
        }
    }

    fn forget(&mut self, key: &Key, freed: &mut Freed) {
        let Place::Occupied(entry) = self.by_key.entry(key.clone()) else { return };
        if let Some(graph) = entry.remove().kept {
            self.kept = self.kept.saturating_sub(weight(&graph));
            freed.graphs.push(graph);
        }
    }
}

fn weight(graph: &Watched) -> u64 {
    graph.info().footprint.total().max(LEAST)
}
