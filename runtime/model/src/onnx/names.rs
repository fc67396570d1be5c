//! Which values the nodes of a graph give and take, to see that each comes from somewhere and none from itself.

use std::collections::{BTreeSet, HashMap, HashSet};

use godwit_backend::{Error, Result};

use crate::order::has_cycle;
use crate::text::quoted;

/// Names that nodes take, at most, in a graph and those inside it.
const MOST: usize = 2_000_000;

/// The graphs around the one at hand, itself last.
#[derive(Debug, Default)]
pub(super) struct Names<'a>(Vec<Scope<'a>>);

#[derive(Debug, Default)]
struct Scope<'a> {
    /// Inputs and constants.
    declared: HashSet<&'a str>,
    /// The node that gives a value.
    given: HashMap<&'a str, usize>,
    /// Values that nodes take, those that graphs inside them take from here included.
    taken: Vec<(usize, &'a str)>,
    nodes: usize,
}

impl<'a> Names<'a> {
    pub(super) fn enter(&mut self) {
        self.0.push(Scope::default());
    }

    pub(super) fn declare(&mut self, name: &'a str) {
        if let Some(scope) = self.0.last_mut() {
            scope.declared.insert(name);
        }
    }

    /// The next node of the graph begins.
    pub(super) fn node(&mut self) {
        if let Some(scope) = self.0.last_mut() {
            scope.nodes += 1;
        }
    }

    /// The node takes a value.
    pub(super) fn take(&mut self, name: &'a str) -> Result<()> {
        let Some(scope) = self.0.last_mut() else { return Ok(()) };
        // An empty name is an optional input left out.
        if !name.is_empty() {
            if scope.taken.len() == MOST {
                return Err(Error::too_large("the nodes of the model take too many values"));
            }
            scope.taken.push((scope.nodes.saturating_sub(1), name));
        }
        Ok(())
    }

    /// The node gives a value; a name stands for one value in a graph.
    pub(super) fn give(&mut self, name: &'a str) -> Result<()> {
        let Some(scope) = self.0.last_mut() else { return Ok(()) };
        let node = scope.nodes.saturating_sub(1);
        // An empty name is an optional output left out.
        if name.is_empty() || scope.given.insert(name, node).is_none() {
            return Ok(());
        }
        Err(Error::invalid_encoding(format!("two nodes of the model give {}", quoted(name))))
    }

    /// The graph ends: what it and those inside it take from around it, which the node that holds it takes.
    pub(super) fn leave(&mut self) -> Result<BTreeSet<&'a str>> {
        let Scope { declared, given, taken, nodes } = self.0.pop().unwrap_or_default();
        let edges = taken.iter().filter_map(|(node, name)| Some((*given.get(name)?, *node)));
        if has_cycle(nodes, &edges.collect::<Vec<_>>()) {
            return Err(Error::invalid_encoding(
                "nodes of the model depend on each other in a cycle",
            ));
        }
        let known = |name: &&str| declared.contains(name) || given.contains_key(name);
        let outer = taken.into_iter().map(|(_, name)| name).filter(|name| !known(name));
        let outer: BTreeSet<&str> = outer.collect();
        outer.iter().try_for_each(|name| self.take(name))?;
        Ok(outer)
    }
}
