use std::sync::{Arc, Mutex, PoisonError};

use godwit_backend::Graph;

use super::watch::Watched;

/// A graph as long as the cache keeps it.
///
/// moka frees what it evicts only when no thread can still be reading it, which may be much later. A
/// device's memory is wanted back at once, so eviction empties the slot and moka is left with the shell.
#[derive(Debug)]
pub(super) struct Slot {
    graph: Mutex<Option<Arc<Watched>>>,
    footprint: u64,
}

impl Slot {
    pub(super) fn new(graph: Arc<Watched>) -> Self {
        Self { footprint: graph.info().footprint.total(), graph: Mutex::new(Some(graph)) }
    }

    pub(super) fn footprint(&self) -> u64 {
        self.footprint
    }

    pub(super) fn graph(&self) -> Option<Arc<Watched>> {
        self.graph.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn empty(&self) {
        let graph = self.graph.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Freed here, outside the lock: releasing a device's memory can take a while.
        drop(graph);
    }
}
