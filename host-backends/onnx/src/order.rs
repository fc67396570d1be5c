use std::collections::{HashMap, HashSet};

use godwit_backend::{Error, Result};

use crate::schema::{ModelProto, NodeProto};
use crate::walk::{Body, bodies};

/// Checks that no node depends on its own output. Engines look for an order of computation and differ in what they do
/// where there is none: OpenVINO takes memory by the gigabyte.
///
/// # Errors
///
/// `InvalidEncoding` when nodes of one graph or function depend on each other in a cycle.
pub(crate) fn check(model: &ModelProto) -> Result<()> {
    if bodies(model).all(|body| is_ordered(body.nodes)) {
        return Ok(());
    }
    Err(Error::invalid_encoding("nodes of the model depend on each other in a cycle"))
}

/// Whether all nodes can be computed one after the other, in any order of the file.
fn is_ordered(nodes: &[NodeProto]) -> bool {
    let mut producers: HashMap<&str, usize> = HashMap::new();
    for (place, node) in nodes.iter().enumerate() {
        producers.extend(node.output.iter().map(|output| (output.as_str(), place)));
    }
    producers.remove("");
    let mut users: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut missing = vec![0usize; nodes.len()];
    for ((place, node), missing) in nodes.iter().enumerate().zip(&mut missing) {
        for producer in uses(node).into_iter().filter_map(|name| producers.get(name)) {
            users.entry(*producer).or_default().push(place);
            *missing += 1;
        }
    }
    let mut ready: Vec<usize> =
        (0..nodes.len()).filter(|place| missing.get(*place) == Some(&0)).collect();
    let mut computed = 0;
    while let Some(place) = ready.pop() {
        computed += 1;
        for user in users.remove(&place).unwrap_or_default() {
            if let Some(missing) = missing.get_mut(user) {
                *missing -= 1;
                if *missing == 0 {
                    ready.push(user);
                }
            }
        }
    }
    computed == nodes.len()
}

/// The values that a node needs: its inputs, and what graphs inside it take from around them.
fn uses(node: &NodeProto) -> Vec<&str> {
    let mut names: Vec<&str> = node.given().collect();
    let mut open: Vec<Body<'_>> = inside(node).collect();
    while let Some(body) = open.pop() {
        let own = body.graph.into_iter().flat_map(|graph| &graph.input);
        let inputs = own.map(|input| input.name());
        let made = body.nodes.iter().flat_map(|node| &node.output).map(String::as_str);
        let local: HashSet<&str> = inputs.chain(made).collect();
        let outputs = body.graph.into_iter().flat_map(|graph| &graph.output);
        let used = body.nodes.iter().flat_map(NodeProto::given);
        let used = used.chain(outputs.map(|output| output.name()));
        names.extend(used.filter(|name| !local.contains(name)));
        open.extend(body.nodes.iter().flat_map(inside));
    }
    names
}

fn inside(node: &NodeProto) -> impl Iterator<Item = Body<'_>> {
    node.subgraphs().map(|graph| Body::of_graph(graph, 1))
}

#[cfg(test)]
mod tests {
    use godwit_fixtures::models::{bad_models, matmul_chain};

    use crate::decode;

    #[test]
    fn the_order_in_the_file_does_not_matter_and_a_cycle_is_refused() {
        let mut model = decode(&matmul_chain(4, 4).into()).unwrap();
        model.graph.as_mut().unwrap().node.reverse();
        super::check(&model).unwrap();
        let cyclic = bad_models().into_iter().find(|model| model.name == "cyclic").unwrap();
        let error = decode(&cyclic.bytes.into()).unwrap_err();
        assert!(error.message().contains("in a cycle"), "{error}");
    }
}
