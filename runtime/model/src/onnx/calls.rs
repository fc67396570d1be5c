//! Functions a model defines for itself: what they come to once each call is replaced by its body.

use std::collections::{BTreeMap, HashMap};

use godwit_backend::{Error, Result};

use crate::Limits;

/// An operator's domain and name. ONNX's own domain is the empty one.
pub(super) type Op<'a> = (&'a str, &'a str);

/// How often a graph or a function, with its subgraphs, uses each operator.
pub(super) type Uses<'a> = BTreeMap<Op<'a>, u64>;

/// Holds the expanded model to its limits: ten functions that each call the next one ten times are
/// ten billion nodes.
///
/// # Errors
///
/// `TooLarge` for too many nodes or too deep a chain of calls, `InvalidEncoding` for functions that
/// call themselves.
pub(super) fn check(
    main: &Uses<'_>,
    functions: &[(Op<'_>, Uses<'_>)],
    limits: &Limits,
) -> Result<()> {
    let mut defined: HashMap<Op<'_>, Vec<usize>> = HashMap::new();
    for (index, (op, _)) in functions.iter().enumerate() {
        defined.entry(*op).or_default().push(index);
    }
    // Overloads share a name: a call may mean any of them, so it counts as the largest.
    let mut callers: HashMap<Op<'_>, Vec<usize>> = HashMap::new();
    let mut waiting = Vec::with_capacity(functions.len());
    for (index, (_, uses)) in functions.iter().enumerate() {
        let mut callees = 0usize;
        for op in uses.keys().filter(|op| defined.contains_key(*op)) {
            callers.entry(*op).or_default().push(index);
            callees += 1;
        }
        waiting.push(callees);
    }

    let mut unfinished: HashMap<Op<'_>, usize> =
        defined.iter().map(|(op, overloads)| (*op, overloads.len())).collect();
    let mut sizes = Sizes { limits, of: HashMap::new() };
    let mut ready: Vec<usize> =
        waiting.iter().enumerate().filter(|(_, n)| **n == 0).map(|(index, _)| index).collect();
    let mut done = 0usize;
    while let Some(index) = ready.pop() {
        let Some((op, uses)) = functions.get(index) else { continue };
        done += 1;
        sizes.add(*op, uses)?;
        let left = unfinished.entry(*op).or_default();
        *left = left.saturating_sub(1);
        if *left > 0 {
            continue;
        }
        for &caller in callers.get(op).into_iter().flatten() {
            let Some(count) = waiting.get_mut(caller) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 {
                ready.push(caller);
            }
        }
    }
    if done < functions.len() {
        return Err(Error::invalid_encoding("the model defines a function that calls itself"));
    }
    sizes.measure(main).map(drop)
}

struct Sizes<'a, 'l> {
    limits: &'l Limits,
    /// Nodes and depth of calls of each function, expanded.
    of: HashMap<Op<'a>, (u64, u32)>,
}

impl<'a> Sizes<'a, '_> {
    fn add(&mut self, op: Op<'a>, uses: &Uses<'_>) -> Result<()> {
        let (nodes, depth) = self.measure(uses)?;
        let size = self.of.entry(op).or_default();
        *size = (size.0.max(nodes), size.1.max(depth + 1));
        Ok(())
    }

    fn measure(&self, uses: &Uses<'_>) -> Result<(u64, u32)> {
        let (mut nodes, mut depth) = (0u64, 0u32);
        for (op, count) in uses {
            let (each, below) = self.of.get(op).copied().unwrap_or((1, 0));
            nodes = nodes.saturating_add(each.saturating_mul(*count));
            depth = depth.max(below);
        }
        if nodes > self.limits.max_nodes {
            return Err(Error::too_large(format!(
                "the model's functions come to more than the {} nodes that are allowed",
                self.limits.max_nodes
            )));
        }
        if depth > self.limits.max_depth {
            return Err(Error::too_large(format!(
                "the model's functions call one another more than {} deep",
                self.limits.max_depth
            )));
        }
        Ok((nodes, depth))
    }
}
