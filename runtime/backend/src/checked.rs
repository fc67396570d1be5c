use std::sync::Arc;

use crate::{ExecutionContext, Graph, Quota, Result, Run, Tensors};

/// An execution context together with its graph, whose signature checks what the context is given.
#[derive(Debug)]
pub struct CheckedContext {
    // Dropped before the graph it stands on.
    context: Box<dyn ExecutionContext>,
    graph: Arc<dyn Graph>,
}

impl CheckedContext {
    /// Opens a context on `graph`.
    ///
    /// # Errors
    ///
    /// As [`Graph::context`].
    pub async fn open(graph: &Arc<dyn Graph>, quota: &Quota) -> Result<Self> {
        let context = graph.context(quota).await?;
        Ok(Self { context, graph: graph.clone() })
    }

    /// The graph.
    pub fn graph(&self) -> &Arc<dyn Graph> {
        &self.graph
    }

    /// One inference on tensors in the order of the signature.
    ///
    /// # Errors
    ///
    /// As [`Signature::check`](crate::Signature::check) and [`ExecutionContext::run`].
    pub fn run(&mut self, inputs: Tensors) -> Run<'_> {
        match self.graph.info().signature.check(inputs) {
            Ok(inputs) => self.context.run(inputs),
            Err(error) => Run::ready(Err(error)),
        }
    }
}
