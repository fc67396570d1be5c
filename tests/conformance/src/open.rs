use std::sync::Arc;

use godwit_backend::{CheckedContext, Graph, Memory, Quota, Result, Tensor};

/// A context with the graph it stands on and the memory its outputs go to.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) graph: Arc<dyn Graph>,
    pub(crate) context: CheckedContext,
    pub(crate) memory: Memory,
}

impl Open {
    pub(crate) async fn on(graph: Arc<dyn Graph>, memory: Memory) -> Self {
        let context = CheckedContext::open(&graph, &Quota::of_host(memory.clone()))
            .await
            .expect("a graph gives contexts");
        Self { graph, context, memory }
    }

    /// The outputs for `inputs`, brought to the host.
    pub(crate) async fn run(&mut self, inputs: impl Into<Vec<Tensor>>) -> Result<Vec<Tensor>> {
        let outputs = self.context.run(inputs.into().into_iter().collect()).await?;
        let mut host = Vec::new();
        for output in outputs {
            let bytes = output.to_host(&self.memory).await?;
            host.push(Tensor::new(output.dtype(), output.shape().clone(), bytes)?);
        }
        Ok(host)
    }

    /// As [`Open::run`], where it has to succeed.
    pub(crate) async fn answer(&mut self, inputs: impl Into<Vec<Tensor>>) -> Vec<Tensor> {
        self.run(inputs).await.unwrap_or_else(|error| panic!("a good run failed: {error:?}"))
    }
}
