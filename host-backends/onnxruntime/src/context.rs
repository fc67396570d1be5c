use std::sync::Arc;
use std::time::Instant;

use godwit_backend::{
    Error, ExecutionContext, InlineEstimate, Inputs, Memory, Result, Run, Tensor, Tensors,
};

use crate::loaded_graph::LoadedGraph;
use crate::native::{Binding, RunOptions, TerminateOnDrop};

/// One caller's state on a graph.
#[derive(Debug)]
pub(crate) struct OrtContext {
    graph: Arc<LoadedGraph>,
    memory: Memory,
    estimate: InlineEstimate,
    /// Absent before the first run, after a failure and after a cancelled run.
    binding: Option<Binding>,
}

impl OrtContext {
    pub(crate) fn new(graph: Arc<LoadedGraph>, memory: Memory) -> Self {
        let estimate = graph.inline.estimate();
        Self { graph, memory, estimate, binding: None }
    }

    fn run_inline(&mut self, inputs: &[Tensor]) -> Result<Tensors> {
        let began = Instant::now();
        let outputs = self.graph.run(&mut self.binding, None, inputs, &self.memory)?;
        self.estimate.record(inputs, began.elapsed());
        Ok(outputs)
    }

    async fn run_on_a_worker(&mut self, inputs: Inputs) -> Result<Tensors> {
        let inputs = inputs.on_host(&self.memory).await?;
        let options = RunOptions::new().map_err(|fault| {
            Error::unavailable("cannot allocate run options").with_source(fault)
        })?;
        let options = Arc::new(options);
        let stop = TerminateOnDrop(options.clone());
        let (graph, memory, given) = (self.graph.clone(), self.memory.clone(), inputs.clone());
        let mut binding = self.binding.take();
        let job = self.graph.pool.workers.run(move |_| {
            let began = Instant::now();
            let outcome = graph.run(&mut binding, Some(&options), &given, &memory);
            (outcome, binding, began.elapsed())
        });
        let (outcome, binding, elapsed) = job.await?;
        self.binding = binding;
        drop(stop);
        let outputs = outcome?;
        self.estimate.record(&inputs, elapsed);
        Ok(outputs)
    }
}

impl ExecutionContext for OrtContext {
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        if self.estimate.runs_inline(&inputs) {
            return Run::ready(self.run_inline(&inputs));
        }
        Run::pending(self.run_on_a_worker(inputs))
    }
}
