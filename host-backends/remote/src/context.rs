use std::sync::Arc;

use godwit_backend::{ExecutionContext, Memory, Run, Tensor, Tensors};

use crate::graph::Inner;

/// One caller's calls to a server. The server keeps nothing of them.
#[derive(Debug)]
pub(crate) struct RemoteContext {
    graph: Arc<Inner>,
    memory: Memory,
}

impl RemoteContext {
    pub(crate) fn new(graph: Arc<Inner>, memory: Memory) -> Self {
        Self { graph, memory }
    }
}

impl ExecutionContext for RemoteContext {
    /// Dropping the run hangs up.
    fn run(&mut self, inputs: Tensors) -> Run<'_> {
        if let Err(error) = self.graph.signature.check(&inputs) {
            return Run::ready(Err(error));
        }
        let (graph, memory) = (self.graph.clone(), self.memory.clone());
        Run::pending(async move {
            let reactor = graph.reactor.clone();
            let call = async move {
                let mut host = Tensors::new();
                for input in inputs {
                    let bytes = input.to_host(&memory).await?;
                    host.push(Tensor::new(input.dtype(), input.shape().clone(), bytes)?);
                }
                graph.service.run(&graph.call, &graph.signature, &host, &memory).await
            };
            reactor.run(call).await
        })
    }
}
