use std::fmt;
use std::sync::Arc;

use godwit_backend::{
    Error, ExecutionContext, Inputs, Memory, Quota, Result, Run, Tensor, TensorData, Tensors,
    on_host,
};
use tract_onnx::prelude::TypedSimpleState;

use super::empty;
use super::evaluate::{Failure, evaluate};
use super::graph::Shared;
use super::lane::Lane;
use super::resident::Resident;

/// One caller's state on a graph, at home on one lane.
pub(crate) struct CudaContext {
    graph: Arc<Shared>,
    lane: Arc<Lane>,
    quota: Quota,
    /// Absent after a failure or a cancelled run; the next run makes a fresh one.
    state: Option<TypedSimpleState>,
}

impl CudaContext {
    pub(crate) fn new(graph: Arc<Shared>, quota: Quota) -> Result<Self> {
        let state = graph.state()?;
        let lane = graph.gpu.lane()?;
        lane.enter();
        Ok(Self { graph, lane, quota, state: Some(state) })
    }

    async fn run_on_the_lane(&mut self, inputs: Inputs) -> Result<Tensors> {
        self.graph.gpu.alive()?;
        if let Some(outputs) = empty::outputs(&self.graph.info.signature, &inputs) {
            return outputs;
        }
        let inputs = near(inputs.into_tensors(), &self.quota.host).await?;
        let mut state = match self.state.take() {
            Some(state) => state,
            None => self.graph.state()?,
        };
        let (graph, lane) = (self.graph.clone(), self.lane.clone());
        let quota = self.quota.clone();
        let job = self.lane.run(move |stop| {
            let outcome = evaluate(&graph, &lane, &mut state, &inputs, &quota, stop);
            // What a failure leaves behind is dropped here, where it was made.
            outcome.map(|outputs| (state, outputs))
        });
        match job.await? {
            Ok((state, outputs)) => {
                self.state = Some(state);
                Ok(outputs)
            }
            Err(Failure::Failed(error)) => Err(error),
            Err(Failure::Stopped) => Err(Error::cancelled("the run was cancelled")),
        }
    }
}

/// The same tensors, those of other devices brought to the host.
async fn near(tensors: Tensors, memory: &Memory) -> Result<Tensors> {
    if tensors.iter().all(is_near) {
        return Ok(tensors);
    }
    let mut all = Tensors::new();
    for tensor in tensors {
        if is_near(&tensor) {
            all.push(tensor);
        } else {
            all.extend(on_host([tensor].into_iter().collect(), memory).await?);
        }
    }
    Ok(all)
}

/// Whether a tensor is on the host or on the GPU, of which a process drives one.
fn is_near(tensor: &Tensor) -> bool {
    match tensor.data() {
        TensorData::Host(_) => true,
        TensorData::Device(buffer) => buffer.as_any().is::<Resident>(),
    }
}

impl ExecutionContext for CudaContext {
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        Run::pending(self.run_on_the_lane(inputs))
    }
}

impl Drop for CudaContext {
    fn drop(&mut self) {
        self.lane.leave();
        // The state goes first: the graph may be its plan's last holder, and gives the memory back.
        if let Some(state) = self.state.take() {
            self.lane.discard((state, self.graph.clone()));
        }
    }
}

impl fmt::Debug for CudaContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CudaContext").field("graph", &self.graph).finish_non_exhaustive()
    }
}
