//! The one walk over a model: its graph, the graphs inside nodes, and its functions.

use crate::schema::{
    AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, SparseTensorProto,
    TensorProto,
};

/// Nodes that share a scope: those of the model's graph, of a graph inside a node, or of a function.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a> {
    /// In the order of the file.
    pub nodes: &'a [NodeProto],
    /// The graph they are in, unless it is a function.
    pub graph: Option<&'a GraphProto>,
    /// The function they are in, if it is one.
    pub function: Option<&'a FunctionProto>,
    /// How many graphs are around it.
    pub depth: usize,
}

impl<'a> Body<'a> {
    pub(crate) fn of_graph(graph: &'a GraphProto, depth: usize) -> Self {
        Self { nodes: &graph.node, graph: Some(graph), function: None, depth }
    }

    pub(crate) fn of_function(function: &'a FunctionProto) -> Self {
        Self { nodes: &function.node, graph: None, function: Some(function), depth: 0 }
    }

    /// Whether it is the graph of the model itself.
    pub fn is_main(&self) -> bool {
        self.depth == 0 && self.graph.is_some()
    }

    fn attributes(&self) -> impl Iterator<Item = &'a AttributeProto> + use<'a> {
        let defaults = self.function.into_iter().flat_map(|it| &it.attribute_proto);
        self.nodes.iter().flat_map(|node| &node.attribute).chain(defaults)
    }

    /// The constants that it holds, not counting those of graphs inside it.
    pub fn tensors(&self) -> impl Iterator<Item = &'a TensorProto> + use<'a> {
        fn dense(sparse: &SparseTensorProto) -> impl Iterator<Item = &TensorProto> {
            sparse.values.iter().chain(&sparse.indices)
        }
        let graph = self.graph.into_iter();
        let own = graph.clone().flat_map(|it| &it.initializer);
        let sparse = graph.flat_map(|it| &it.sparse_initializer);
        let of_attributes = self.attributes().flat_map(|it| {
            let sparse = it.sparse_tensor.iter().chain(&it.sparse_tensors);
            it.t.iter().chain(&it.tensors).chain(sparse.flat_map(dense))
        });
        own.chain(sparse.flat_map(dense)).chain(of_attributes)
    }
}

/// Every body of a model, each before those inside it. Prost's limit on nesting bounds their depth.
pub fn bodies(model: &ModelProto) -> impl Iterator<Item = Body<'_>> {
    let functions = model.functions.iter().rev().map(Body::of_function);
    let main = model.graph.iter().map(|graph| Body::of_graph(graph, 0));
    let mut open: Vec<Body<'_>> = functions.chain(main).collect();
    std::iter::from_fn(move || {
        let body = open.pop()?;
        let inner = body.attributes().flat_map(AttributeProto::subgraphs);
        let from = open.len();
        open.extend(inner.map(|graph| Body::of_graph(graph, body.depth + 1)));
        if let Some(added) = open.get_mut(from..) {
            added.reverse();
        }
        Some(body)
    })
}

/// Every node of a model, those of subgraphs and functions included.
pub fn nodes(model: &ModelProto) -> impl Iterator<Item = &NodeProto> {
    bodies(model).flat_map(|body| body.nodes)
}

/// Every constant of a model, wherever it is written down.
pub fn tensors(model: &ModelProto) -> impl Iterator<Item = &TensorProto> {
    bodies(model).flat_map(|body| body.tensors())
}
