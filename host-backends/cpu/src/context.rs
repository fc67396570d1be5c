use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use godwit_backend::{
    Error, ExecutionContext, InlineEstimate, Inputs, Memory, Result, Run, Tensors,
};
use tract_onnx::prelude::TypedSimpleState;

use crate::evaluate::{RunError, RunThread, adopt, evaluate};
use crate::loaded_graph::LoadedGraph;

/// Runs that take at least this use more threads than one while they are alone.
const WIDE: Duration = Duration::from_millis(1);

/// One caller's state on a graph.
pub(crate) struct CpuContext {
    graph: Arc<LoadedGraph>,
    memory: Memory,
    /// Absent after a failure, an overrun or a cancelled run; the next run makes a fresh one.
    state: Option<TypedSimpleState>,
    estimate: InlineEstimate,
}

impl CpuContext {
    pub(crate) fn new(graph: Arc<LoadedGraph>, state: TypedSimpleState, memory: Memory) -> Self {
        let estimate = graph.inline.estimate();
        Self { graph, memory, state: Some(state), estimate }
    }

    fn fresh_state(&mut self) -> Result<TypedSimpleState> {
        match self.state.take() {
            Some(state) => Ok(state),
            None => self.graph.state(),
        }
    }

    /// A run on this thread, or `None` when it took too long.
    fn run_inline(&mut self, inputs: &Inputs) -> Option<Result<Tensors>> {
        let mut state = match self.fresh_state() {
            Ok(state) => state,
            Err(error) => return Some(Err(error)),
        };
        let began = Instant::now();
        let until = began.checked_add(self.estimate.budget());
        let together = (self.estimate.last() >= WIDE).then(|| &self.graph.together);
        let place = RunThread::Caller { until, running: self.graph.cores.begin(), together };
        let outcome = evaluate(&mut state, inputs, &place);
        drop(place);
        match outcome {
            Ok(outputs) => {
                self.state = Some(state);
                self.estimate.record(inputs, began.elapsed());
                Some(adopt(outputs, &self.memory))
            }
            Err(RunError::Failed(error)) => Some(Err(error)),
            Err(RunError::Overran | RunError::Stopped) => {
                self.estimate.overran();
                tracing::debug!("a run overran the caller's thread");
                None
            }
        }
    }

    async fn run_on_a_worker(&mut self, inputs: Inputs) -> Result<Tensors> {
        let inputs = inputs.on_host(&self.memory).await?;
        let mut state = self.fresh_state()?;
        let (graph, memory, given) = (self.graph.clone(), self.memory.clone(), inputs.clone());
        let cores = graph.cores.clone();
        let job = cores.workers.run(move |stop| {
            let began = Instant::now();
            let place =
                RunThread::Worker { stop, running: graph.cores.begin(), together: &graph.together };
            let outcome = evaluate(&mut state, &given, &place);
            drop(place);
            let elapsed = began.elapsed();
            outcome.map(|outputs| (state, elapsed, adopt(outputs, &memory)))
        });
        match job.await? {
            Ok((state, elapsed, outputs)) => {
                self.state = Some(state);
                self.estimate.record(&inputs, elapsed);
                outputs
            }
            Err(RunError::Failed(error)) => Err(error),
            Err(RunError::Overran | RunError::Stopped) => {
                Err(Error::cancelled("the run was cancelled"))
            }
        }
    }
}

impl ExecutionContext for CpuContext {
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        if self.estimate.runs_inline(&inputs)
            && let Some(outcome) = self.run_inline(&inputs)
        {
            return Run::ready(outcome);
        }
        Run::pending(self.run_on_a_worker(inputs))
    }
}

impl fmt::Debug for CpuContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CpuContext")
            .field("graph", &self.graph)
            .field("estimate", &self.estimate)
            .finish_non_exhaustive()
    }
}
