use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use godwit_backend::{Error, Quota, Result, Stop, Tensors};
use godwit_tract::{Early, failed, said};
use tract_onnx::prelude::{TValue, TVec, TractError, TractResult, TypedSimpleState};
use tract_onnx::tract_core::plan;

use super::crossing::{self, Staged};
use super::loaded::LoadedGraph;
use super::stream::Stream;
use crate::driver;
use crate::fault::explain;

/// Why a run has no outputs.
#[derive(Debug)]
pub(crate) enum RunError {
    /// The run was cancelled.
    Stopped,
    /// The graph or the GPU failed.
    Failed(Error),
}

thread_local! {
    /// Whether this thread's cuBLAS handle allows TF32.
    static TF32: Cell<bool> = const { Cell::new(false) };
}

/// One run on this thread, which is that of `stream`. After an error `state` must be discarded.
pub(crate) fn evaluate(
    graph: &LoadedGraph,
    stream: &Arc<Stream>,
    state: &mut TypedSimpleState,
    inputs: &Tensors,
    quota: &Quota,
    stop: &Stop,
) -> Result<Tensors, RunError> {
    let mut staged = Staged::default();
    let mut at = None;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        run(graph, state, inputs, quota, stop, &mut staged, &mut at)
    }));
    let error = match outcome {
        Ok(Ok(values)) => {
            let keep =
                |value| crossing::output(&graph.gpu, stream, &graph.info.device.id, value, quota);
            return values.into_iter().map(keep).collect::<Result<_>>().map_err(RunError::Failed);
        }
        Ok(Err(failed)) => failed,
        Err(payload) => RunFault::Said(said(&*payload)),
    };
    // Kernels may still read the inputs.
    let _ = catch_unwind(crossing::wait);
    drop(staged);
    Err(match error {
        RunFault::Stopped => RunError::Stopped,
        RunFault::Ours(error) => RunError::Failed(graph.gpu.note(error)),
        RunFault::Said(text) => RunError::Failed(graph.gpu.note(explain(text, failed(state, at)))),
    })
}

/// Why the evaluation ended early.
enum RunFault {
    Stopped,
    Ours(Error),
    Said(String),
}

impl From<TractError> for RunFault {
    fn from(error: TractError) -> Self {
        if error.is::<Early>() { Self::Stopped } else { Self::Said(format!("{error:#}")) }
    }
}

fn run(
    graph: &LoadedGraph,
    state: &mut TypedSimpleState,
    inputs: &Tensors,
    quota: &Quota,
    stop: &Stop,
    staged: &mut Staged,
    at: &mut Option<usize>,
) -> Result<TVec<TValue>, RunFault> {
    precision(graph.tf32)?;
    let budget = quota.host.budget().id();
    graph.gpu.meter.used_by(budget);
    let inputs = crossing::inputs(&graph.gpu, inputs, &graph.sent, budget, staged);
    let inputs = inputs.map_err(RunFault::Ours)?.into_iter().collect();
    let values = state.run_plan_with_eval(inputs, |context, op, node, inputs| {
        *at = Some(node.id);
        if stop.is_stopped() {
            return Err(TractError::new(Early));
        }
        plan::eval(context, op, node, inputs)
    })?;
    // tract has synchronized the stream for outputs on the GPU.
    if !values.iter().any(crossing::is_on_device) {
        crossing::wait()?;
    }
    Ok(values)
}

fn precision(tf32: bool) -> TractResult<()> {
    if TF32.get() != tf32 {
        driver::allow_tf32(tf32)?;
        TF32.set(tf32);
    }
    Ok(())
}
