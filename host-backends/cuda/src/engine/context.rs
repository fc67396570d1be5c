use std::fmt;
use std::sync::Arc;

use godwit_backend::{
    Error, ExecutionContext, Inputs, Memory, Quota, Result, Run, Tensor, TensorData, Tensors,
    on_host,
};
use tract_onnx::prelude::TypedSimpleState;

use super::empty;
use super::evaluate::{RunError, evaluate};
use super::loaded::LoadedGraph;
use super::resident::Resident;
use super::stream::Stream;

/// One caller's state on a graph, which runs on one stream.
pub(crate) struct CudaContext {
    graph: Arc<LoadedGraph>,
    stream: Arc<Stream>,
    quota: Quota,
    /// `None` after a failed or cancelled run; the next run creates a new one.
    state: Option<TypedSimpleState>,
}

impl CudaContext {
    pub(crate) fn new(graph: Arc<LoadedGraph>, quota: Quota) -> Result<Self> {
        let state = graph.state()?;
        let stream = graph.gpu.stream()?;
        stream.enter();
        Ok(Self { graph, stream, quota, state: Some(state) })
    }

    async fn run_on_stream(&mut self, inputs: Inputs) -> Result<Tensors> {
        self.graph.gpu.alive()?;
        if let Some(outputs) = empty::outputs(&self.graph.info.signature, &inputs) {
            return outputs;
        }
        let inputs = local(inputs.into_tensors(), &self.quota.host).await?;
        let mut state = match self.state.take() {
            Some(state) => state,
            None => self.graph.state()?,
        };
        let (graph, stream) = (self.graph.clone(), self.stream.clone());
        let quota = self.quota.clone();
        let job = self.stream.run(move |stop| {
            let outcome = evaluate(&graph, &stream, &mut state, &inputs, &quota, stop);
            // After an error the state is dropped on this thread, where it was created.
            outcome.map(|outputs| (state, outputs))
        });
        match job.await? {
            Ok((state, outputs)) => {
                self.state = Some(state);
                Ok(outputs)
            }
            Err(RunError::Failed(error)) => Err(error),
            Err(RunError::Stopped) => Err(Error::cancelled("the run was cancelled")),
        }
    }
}

/// The same tensors, with those of other devices copied to the host.
async fn local(tensors: Tensors, memory: &Memory) -> Result<Tensors> {
    if tensors.iter().all(is_local) {
        return Ok(tensors);
    }
    let mut all = Tensors::new();
    for tensor in tensors {
        if is_local(&tensor) {
            all.push(tensor);
        } else {
            all.extend(on_host([tensor].into_iter().collect(), memory).await?);
        }
    }
    Ok(all)
}

/// Whether a tensor is on the host or on the GPU of this process.
fn is_local(tensor: &Tensor) -> bool {
    match tensor.data() {
        TensorData::Host(_) => true,
        TensorData::Device(buffer) => buffer.as_any().is::<Resident>(),
    }
}

impl ExecutionContext for CudaContext {
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        Run::pending(self.run_on_stream(inputs))
    }
}

impl Drop for CudaContext {
    fn drop(&mut self) {
        self.stream.leave();
        // The state is dropped first: the graph may be the last holder of the plan, and frees its memory.
        if let Some(state) = self.state.take() {
            self.stream.discard((state, self.graph.clone()));
        }
    }
}

impl fmt::Debug for CudaContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CudaContext").field("graph", &self.graph).finish_non_exhaustive()
    }
}
