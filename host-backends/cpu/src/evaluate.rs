use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use godwit_backend::{Error, Result, Stop, Tensor, Tensors};
use tract_linalg::multithread::{Executor, multithread_tract_scope};
use tract_onnx::prelude::{TValue, TVec, TractError, TractResult, TypedSimpleState};
use tract_onnx::tract_core::plan;

use crate::cores::Running;
use crate::guard::said;
use crate::tensors;

/// Operators between two looks at the clock on the caller's thread.
const STRIDE: u32 = 4;

/// Where a run happens, and what ends it early.
pub(crate) enum Place<'a> {
    /// On the caller's thread, until a moment that may never come.
    Caller { until: Option<Instant> },
    /// On a worker, until it is stopped, with more threads at hand while it is alone.
    Worker { stop: &'a Stop, running: Running<'a>, together: &'a Executor },
}

/// Why a run gave no outputs.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The time on the caller's thread is over.
    Overran,
    /// Nobody waits any more.
    Stopped,
    /// The graph failed.
    Failed(Error),
}

#[derive(Debug)]
struct Early;

impl fmt::Display for Early {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the run was ended early")
    }
}

impl std::error::Error for Early {}

/// One run. After a failure `state` is of no further use.
pub(crate) fn evaluate(
    state: &mut TypedSimpleState,
    inputs: &[Tensor],
    place: &Place<'_>,
) -> Result<TVec<TValue>, Failure> {
    let mut at = None;
    let caught = catch_unwind(AssertUnwindSafe(|| -> Result<TractResult<TVec<TValue>>> {
        let inputs = inputs.iter().map(tensors::input).collect::<Result<_>>()?;
        Ok(match place {
            Place::Caller { until } => multithread_tract_scope(Executor::SingleThread, || {
                here(state, inputs, *until, &mut at)
            }),
            Place::Worker { stop, running, together } => {
                worker(state, inputs, stop, running, together, &mut at)
            }
        })
    }));
    let error = match caught {
        Ok(Ok(Ok(outputs))) => return Ok(outputs),
        Ok(Err(refused)) => return Err(Failure::Failed(refused)),
        Ok(Ok(Err(error))) if error.is::<Early>() => {
            return Err(match place {
                Place::Caller { .. } => Failure::Overran,
                Place::Worker { .. } => Failure::Stopped,
            });
        }
        Ok(Ok(Err(error))) => failed(state, at).with_source(error),
        Err(payload) => {
            let said = said(&*payload);
            // How tract's tensors say that the system has no memory left for them.
            let starved = said.contains("failed to allocate");
            let error = if starved { exhausted() } else { failed(state, at) };
            error.with_source(said)
        }
    };
    Err(Failure::Failed(error))
}

fn here(
    state: &mut TypedSimpleState,
    inputs: TVec<TValue>,
    until: Option<Instant>,
    at: &mut Option<usize>,
) -> TractResult<TVec<TValue>> {
    let mut step = 0u32;
    state.run_plan_with_eval(inputs, |context, op, node, inputs| {
        *at = Some(node.id);
        step = step.wrapping_add(1);
        if step.is_multiple_of(STRIDE) && until.is_some_and(|until| Instant::now() >= until) {
            return Err(TractError::new(Early));
        }
        plan::eval(context, op, node, inputs)
    })
}

fn worker(
    state: &mut TypedSimpleState,
    inputs: TVec<TValue>,
    stop: &Stop,
    running: &Running<'_>,
    together: &Executor,
    at: &mut Option<usize>,
) -> TractResult<TVec<TValue>> {
    state.run_plan_with_eval(inputs, |context, op, node, inputs| {
        *at = Some(node.id);
        if stop.is_stopped() {
            return Err(TractError::new(Early));
        }
        // Decided anew for each operator: others come and go during a long run.
        let executor = if running.alone() { together.clone() } else { Executor::SingleThread };
        multithread_tract_scope(executor, || plan::eval(context, op, node, inputs))
    })
}

fn failed(state: &TypedSimpleState, at: Option<usize>) -> Error {
    let name = at.and_then(|at| state.model().nodes().get(at)).map(|node| &*node.name);
    match name {
        None => Error::failed("the model could not take these inputs"),
        Some(name) => {
            let name: String = name.chars().take(64).collect();
            Error::failed(format!("the model failed with these inputs at its operator '{name}'"))
        }
    }
}

fn exhausted() -> Error {
    Error::out_of_memory("the host has no memory left for this run")
}

/// The outputs of a run, shared and charged.
pub(crate) fn adopt(outputs: TVec<TValue>, memory: &godwit_backend::Memory) -> Result<Tensors> {
    outputs.into_iter().map(|value| tensors::output(value, memory)).collect()
}
