use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use godwit_backend::{Error, ExecutionContext, Inputs, Memory, Pace, Result, Run, Tensors};
use tract_onnx::prelude::TypedSimpleState;

use crate::evaluate::{Failure, Place, adopt, evaluate};
use crate::graph::Shared;

/// Runs that take at least this use more threads than one while they are alone.
const WIDE: Duration = Duration::from_millis(1);

/// One caller's state on a graph.
pub(crate) struct CpuContext {
    graph: Arc<Shared>,
    memory: Memory,
    /// Absent after a failure, an overrun or a cancelled run; the next run makes a fresh one.
    state: Option<TypedSimpleState>,
    pace: Pace,
}

impl CpuContext {
    pub(crate) fn new(graph: Arc<Shared>, state: TypedSimpleState, memory: Memory) -> Self {
        let pace = graph.pacing.pace();
        Self { graph, memory, state: Some(state), pace }
    }

    fn fresh_state(&mut self) -> Result<TypedSimpleState> {
        match self.state.take() {
            Some(state) => Ok(state),
            None => self.graph.state(),
        }
    }

    /// A run on this thread, or `None` when it took too long.
    fn run_here(&mut self, inputs: &Inputs) -> Option<Result<Tensors>> {
        let mut state = match self.fresh_state() {
            Ok(state) => state,
            Err(error) => return Some(Err(error)),
        };
        let began = Instant::now();
        let until = began.checked_add(self.pace.budget());
        let together = (self.pace.last() >= WIDE).then(|| &self.graph.together);
        let place = Place::Caller { until, running: self.graph.cores.begin(), together };
        let outcome = evaluate(&mut state, inputs, &place);
        drop(place);
        match outcome {
            Ok(outputs) => {
                self.state = Some(state);
                self.pace.record(inputs, began.elapsed());
                Some(adopt(outputs, &self.memory))
            }
            Err(Failure::Failed(error)) => Some(Err(error)),
            Err(Failure::Overran | Failure::Stopped) => {
                self.pace.overran();
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
                Place::Worker { stop, running: graph.cores.begin(), together: &graph.together };
            let outcome = evaluate(&mut state, &given, &place);
            drop(place);
            let elapsed = began.elapsed();
            outcome.map(|outputs| (state, elapsed, adopt(outputs, &memory)))
        });
        match job.await? {
            Ok((state, elapsed, outputs)) => {
                self.state = Some(state);
                self.pace.record(&inputs, elapsed);
                outputs
            }
            Err(Failure::Failed(error)) => Err(error),
            Err(Failure::Overran | Failure::Stopped) => {
                Err(Error::cancelled("the run was cancelled"))
            }
        }
    }
}

impl ExecutionContext for CpuContext {
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        let here = self.graph.steady && self.pace.is_short(&inputs) && inputs.are_on_host();
        if here && let Some(outcome) = self.run_here(&inputs) {
            return Run::ready(outcome);
        }
        Run::pending(self.run_on_a_worker(inputs))
    }
}

impl fmt::Debug for CpuContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CpuContext")
            .field("graph", &self.graph)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}
