use std::collections::HashMap;
use std::sync::{Arc, Weak};

use futures::channel::oneshot;
use futures::lock::Mutex;
use godwit_backend::{Arena, Budget, ExecutionContext, Graph, Memory, Tensor};

use crate::wire::{Kept, Tenant};

/// What the other side has numbers for.
#[derive(Debug, Default)]
pub(super) struct Objects {
    next: u64,
    pub(super) graphs: HashMap<u64, Arc<dyn Graph>>,
    pub(super) contexts: HashMap<u64, Arc<Context>>,
    pub(super) buffers: HashMap<u64, Tensor>,
    /// What is under way, each by what stops it.
    pub(super) calls: HashMap<u64, oneshot::Sender<()>>,
    tenants: HashMap<u64, Weak<Account>>,
    arena: Arena,
}

/// A context, taken by one run at a time: one that was dropped over there may still be ending here.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) inner: Mutex<Box<dyn ExecutionContext>>,
    /// Kept as long as something is booked on it.
    pub(super) _account: Arc<Account>,
}

/// What one tenant's outputs are booked on here. The other side books them too, and has the last word.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) memory: Memory,
}

impl Objects {
    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The account of a tenant, the same for as long as something of it is kept: memory that goes from one to
    /// another is cleared.
    pub(super) fn account(&mut self, tenant: Tenant) -> Arc<Account> {
        if let Some(account) = self.tenants.get(&tenant.id).and_then(Weak::upgrade) {
            return account;
        }
        self.tenants.retain(|_, account| account.strong_count() > 0);
        let budget = Budget::new("tensors", tenant.limit);
        let account = Arc::new(Account { memory: Memory::new(self.arena.clone(), budget) });
        self.tenants.insert(tenant.id, Arc::downgrade(&account));
        account
    }

    /// Takes something out, for the caller to drop it.
    pub(super) fn take(&mut self, kept: Kept) -> Box<dyn std::any::Any + Send> {
        match kept {
            Kept::Graph(id) => Box::new(self.graphs.remove(&id)),
            Kept::Context(id) => Box::new(self.contexts.remove(&id)),
            Kept::Buffer(id) => Box::new(self.buffers.remove(&id)),
        }
    }
}
