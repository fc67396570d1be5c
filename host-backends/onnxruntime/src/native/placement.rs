use std::collections::BTreeMap;
use std::fmt;
use std::ptr;

use super::text::text;
use super::{Outcome, Session};

/// How many nodes of a graph each execution provider has, by the library's names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Placement(BTreeMap<String, usize>);

impl Placement {
    /// Nodes that `provider` does not have.
    pub(crate) fn elsewhere(&self, provider: &str) -> usize {
        self.0.iter().filter(|(name, _)| *name != provider).map(|(_, nodes)| nodes).sum()
    }

    /// All nodes.
    pub(crate) fn nodes(&self) -> usize {
        self.0.values().sum()
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, nodes)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let name = name.strip_suffix("ExecutionProvider").unwrap_or(name);
            write!(f, "{comma}{name}: {nodes}")?;
        }
        Ok(())
    }
}

impl Session {
    /// Where the library put the nodes, as it says after having optimised the graph.
    pub(crate) fn placement(&self) -> Outcome<Placement> {
        let (mut parts, mut count) = (ptr::null(), 0usize);
        let mut placement = BTreeMap::new();
        // SAFETY: the session gives arrays of the lengths it says, which live as long as it does.
        unsafe {
            call!(Session_GetEpGraphAssignmentInfo(self.as_ptr(), &mut parts, &mut count))?;
            for index in 0..count {
                let part = *parts.add(index);
                let (mut name, mut nodes, mut number) = (ptr::null(), ptr::null(), 0usize);
                call!(EpAssignedSubgraph_GetEpName(part, &mut name))?;
                call!(EpAssignedSubgraph_GetNodes(part, &mut nodes, &mut number))?;
                *placement.entry(text(name)).or_default() += number;
            }
        }
        Ok(Placement(placement))
    }
}
