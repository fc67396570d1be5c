use std::collections::HashMap;
use std::sync::{Arc, Weak};

use futures::channel::oneshot;
use godwit_backend::{Arena, Budget, Graph, Memory, Tensor};

use super::slot::Context;
use crate::wire::{Account, Kept};

/// What the other side has numbers for.
#[derive(Debug, Default)]
pub(super) struct Objects {
    next: u64,
    pub(super) graphs: HashMap<u64, Arc<dyn Graph>>,
    pub(super) contexts: HashMap<u64, Arc<Context>>,
    pub(super) buffers: HashMap<u64, Tensor>,
    /// What is under way, each by what stops it.
    pub(super) calls: HashMap<u64, oneshot::Sender<()>>,
    accounts: HashMap<u64, Weak<Memory>>,
    arena: Arena,
}

impl Objects {
    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// What is booked here on a budget of the other side, which books it too and has the last word. It is the
    /// same account for as long as something of it is kept: memory that goes from one to another is cleared.
    pub(super) fn account(&mut self, what: &'static str, of: Account) -> Arc<Memory> {
        if let Some(account) = self.accounts.get(&of.id).and_then(Weak::upgrade) {
            return account;
        }
        self.accounts.retain(|_, account| account.strong_count() > 0);
        let account = Arc::new(Memory::new(self.arena.clone(), Budget::new(what, of.limit)));
        self.accounts.insert(of.id, Arc::downgrade(&account));
        account
    }

    /// Takes something out, for the caller to drop it.
    pub(super) fn take(&mut self, kept: Kept) -> Box<dyn std::any::Any + Send> {
        match kept {
            Kept::Graph(id) => Box::new(self.graphs.remove(&id)),
            Kept::Context(id) => {
                let context = self.contexts.remove(&id);
                if let Some(context) = &context {
                    context.close();
                }
                Box::new(context)
            }
            Kept::Buffer(id) => Box::new(self.buffers.remove(&id)),
        }
    }
}
