use std::collections::{HashMap, HashSet};

use godwit_backend::{Error, Result};
use godwit_model::has_cycle;

use crate::schema::{ModelProto, NodeProto};
use crate::walk::bodies;

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
    let edges = nodes.iter().enumerate().flat_map(|(place, node)| {
        let givers = uses(node).into_iter().filter_map(|name| producers.get(name));
        givers.map(move |giver| (*giver, place))
    });
    !has_cycle(nodes.len(), &edges.collect::<Vec<_>>())
}

/// The values that a node needs: its inputs, and what graphs inside it take from around them. Prost's limit on nesting
/// bounds the depth.
fn uses(node: &NodeProto) -> Vec<&str> {
    let mut names: Vec<&str> = node.given().collect();
    for graph in node.subgraphs() {
        let sparse = graph.sparse_initializer.iter().filter_map(|it| it.values.as_ref());
        let constants = graph.initializer.iter().chain(sparse).map(|constant| constant.name());
        let inputs = graph.input.iter().map(|input| input.name());
        let made = graph.node.iter().flat_map(|node| &node.output).map(String::as_str);
        let local: HashSet<&str> = inputs.chain(constants).chain(made).collect();
        let outputs = graph.output.iter().map(|output| output.name());
        let used = graph.node.iter().flat_map(uses).chain(outputs);
        names.extend(used.filter(|name| !local.contains(name)));
    }
    names
}

#[cfg(test)]
mod tests {
    use godwit_fixtures::models::{bad_models, matmul_chain};

    use crate::decode;
    use crate::schema::{
        AttributeProto, GraphProto, ModelProto, NodeProto, SparseTensorProto, TensorProto,
        ValueInfoProto,
    };

    /// A graph in a branch may use a value of the branch that has the name of the outer node's output.
    #[test]
    fn a_value_of_a_branch_is_not_the_output_of_the_node_around_it() {
        let node = |inputs: &[&str], inside: Option<GraphProto>| NodeProto {
            input: inputs.iter().map(ToString::to_string).collect(),
            output: vec!["y".to_owned()],
            attribute: vec![AttributeProto { g: inside, ..Default::default() }],
            ..Default::default()
        };
        let graph = |nodes| GraphProto { node: nodes, ..Default::default() };
        let mut innermost = node(&["y"], None);
        innermost.output = vec!["z".to_owned()];
        let mut last = node(&["condition"], Some(graph(vec![innermost])));
        last.output = vec!["w".to_owned()];
        let branch = graph(vec![node(&["x"], None), last]);
        let model = graph(vec![node(&["condition"], Some(branch))]);
        super::check(&ModelProto { graph: Some(model), ..Default::default() }).unwrap();
    }

    /// A branch may return a constant of its own under the name that the node gives it outside.
    #[test]
    fn a_constant_in_a_branch_is_not_the_output_of_its_node() {
        let name = || Some("y".to_owned());
        let constant = TensorProto { name: name(), ..Default::default() };
        let output = ValueInfoProto { name: name(), ..Default::default() };
        let dense = GraphProto {
            initializer: vec![constant.clone()],
            output: vec![output.clone()],
            ..Default::default()
        };
        let sparse = SparseTensorProto { values: Some(constant), ..Default::default() };
        let sparse = GraphProto {
            sparse_initializer: vec![sparse],
            output: vec![output],
            ..Default::default()
        };
        let branch = |graph| AttributeProto { g: Some(graph), ..Default::default() };
        let node = NodeProto {
            input: vec!["condition".to_owned()],
            output: vec!["y".to_owned()],
            attribute: vec![branch(dense), branch(sparse)],
            ..Default::default()
        };
        let graph = GraphProto { node: vec![node], ..Default::default() };
        super::check(&ModelProto { graph: Some(graph), ..Default::default() }).unwrap();
    }

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
