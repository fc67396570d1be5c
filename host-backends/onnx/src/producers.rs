use std::collections::{BTreeSet, HashMap};

use godwit_backend::{Error, Result};

use crate::schema::{GraphProto, NodeProto};

/// Which node of a graph gives which value. Nodes are known by their places.
#[derive(Debug)]
pub struct Producers<'a> {
    nodes: &'a [NodeProto],
    producers: HashMap<&'a str, usize>,
}

impl<'a> Producers<'a> {
    /// # Errors
    ///
    /// `InvalidEncoding` when the nodes do not stand in the order of computation.
    pub fn of(graph: &'a GraphProto) -> Result<Self> {
        let nodes = &graph.node;
        let mut producers = HashMap::new();
        let given: BTreeSet<&str> =
            nodes.iter().flat_map(|node| &node.output).map(String::as_str).collect();
        for (place, node) in nodes.iter().enumerate() {
            if node.given().any(|input| given.contains(input) && !producers.contains_key(input)) {
                return Err(Error::invalid_encoding(
                    "the model's nodes do not stand in the order in which they are computed",
                ));
            }
            let outputs = node.output.iter().map(String::as_str).filter(|name| !name.is_empty());
            producers.extend(outputs.map(|output| (output, place)));
        }
        Ok(Self { nodes, producers })
    }

    /// All nodes.
    pub fn nodes(&self) -> &'a [NodeProto] {
        self.nodes
    }

    /// The node that gives `value`; none gives inputs and weights.
    pub fn producer(&self, value: &str) -> Option<usize> {
        self.producers.get(value).copied()
    }

    /// `node` and every node whose output it depends on, in the order of computation.
    pub fn ancestors(&self, node: usize) -> Vec<usize> {
        let mut found = BTreeSet::from([node]);
        let mut open = vec![node];
        while let Some(next) = open.pop() {
            let inputs = self.nodes.get(next).into_iter().flat_map(NodeProto::given);
            let before = inputs.filter_map(|input| self.producer(input));
            open.extend(before.filter(|place| found.insert(*place)));
        }
        found.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use godwit_backend::Buffer;
    use godwit_fixtures::models::matmul_chain;

    use super::*;
    use crate::decode;

    #[test]
    fn ancestors_are_in_the_order_of_computation() {
        let model = decode(&Buffer::from(matmul_chain(4, 4))).unwrap();
        let mut graph = model.graph.unwrap();
        let producers = Producers::of(&graph).unwrap();
        let producer = producers.producer("h3").unwrap();
        assert_eq!(producers.ancestors(producer), [0, 1, 2]);
        assert_eq!((producers.producer("x"), producers.producer("reflection")), (None, None));
        graph.node.reverse();
        assert!(Producers::of(&graph).is_err());
    }
}
