use std::collections::{BTreeMap, BTreeSet};

use godwit_backend::{Error, Result};
use prost::Message;

use super::wire::{damaged, fields};

/// One operator of the outermost graph.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Node {
    #[prost(string, repeated, tag = "1")]
    pub(crate) input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub(crate) output: Vec<String>,
    #[prost(string, tag = "3")]
    pub(crate) name: String,
    #[prost(string, tag = "4")]
    pub(crate) op_type: String,
    #[prost(string, tag = "7")]
    pub(crate) domain: String,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    name: String,
}

/// The operators of a model in the order they are computed, and who gives what.
#[derive(Debug)]
pub(crate) struct Outline {
    pub(crate) nodes: Vec<Node>,
    pub(crate) outputs: Vec<String>,
    producers: BTreeMap<String, usize>,
}

impl Outline {
    /// Reads a model that has passed the pre-check.
    ///
    /// # Errors
    ///
    /// `InvalidEncoding` when it is damaged, or its nodes do not stand in the order of computation.
    pub(crate) fn read(model: &[u8]) -> Result<Self> {
        let (mut nodes, mut outputs) = (Vec::new(), Vec::new());
        for field in fields(graph(model)?)? {
            match (field.number, field.inside) {
                (1, Some(node)) => nodes.push(Node::decode(node).map_err(damaged)?),
                (12, Some(value)) => outputs.push(Value::decode(value).map_err(damaged)?.name),
                _ => {}
            }
        }
        let mut producers = BTreeMap::new();
        let given: BTreeSet<&str> =
            nodes.iter().flat_map(|node| &node.output).map(String::as_str).collect();
        for (place, node) in nodes.iter().enumerate() {
            let early =
                |input: &&String| given.contains(input.as_str()) && !producers.contains_key(*input);
            if node.input.iter().filter(|input| !input.is_empty()).find(early).is_some() {
                return Err(Error::invalid_encoding(
                    "the model's nodes do not stand in the order in which they are computed",
                ));
            }
            for output in node.output.iter().filter(|output| !output.is_empty()) {
                producers.insert(output.clone(), place);
            }
        }
        Ok(Self { nodes, outputs, producers })
    }

    /// The node that gives `value`; none gives inputs and weights.
    pub(crate) fn producer(&self, value: &str) -> Option<usize> {
        self.producers.get(value).copied()
    }

    /// `node` and every node whose output it depends on, in the order of computation.
    pub(crate) fn ancestors(&self, node: usize) -> Vec<usize> {
        let mut found = BTreeSet::from([node]);
        let mut open = vec![node];
        while let Some(next) = open.pop() {
            let inputs = self.nodes.get(next).into_iter().flat_map(|node| &node.input);
            let before = inputs.filter_map(|input| self.producer(input));
            open.extend(before.filter(|place| found.insert(*place)));
        }
        found.into_iter().collect()
    }
}

/// The bytes of the outermost graph.
pub(super) fn graph(model: &[u8]) -> Result<&[u8]> {
    let graph = fields(model)?.into_iter().find(|field| field.number == 7);
    let inside = graph.and_then(|field| field.inside);
    inside.ok_or_else(|| Error::invalid_encoding("the model holds no graph"))
}
