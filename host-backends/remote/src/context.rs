use std::sync::Arc;

use godwit_backend::{ExecutionContext, Inputs, Memory, Run};

use crate::loaded::LoadedModel;

/// One caller's calls to a server, which has no state of them.
#[derive(Debug)]
pub(crate) struct RemoteContext {
    graph: Arc<LoadedModel>,
    memory: Memory,
}

impl RemoteContext {
    pub(crate) fn new(graph: Arc<LoadedModel>, memory: Memory) -> Self {
        Self { graph, memory }
    }
}

impl ExecutionContext for RemoteContext {
    /// Dropping the run closes the request.
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        let (graph, memory) = (self.graph.clone(), self.memory.clone());
        Run::pending(async move {
            let reactor = graph.reactor.clone();
            let call = async move {
                let host = inputs.on_host(&memory).await?.into_tensors();
                graph.service.run(&graph.call, &graph.info.signature, &host, &memory).await
            };
            reactor.run(call).await
        })
    }
}
