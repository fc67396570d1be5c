use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use godwit_backend::{Error, Quota, Result, Stop, Tensors};
use godwit_tract::{Early, failed, said};
use tract_onnx::prelude::{TValue, TVec, TractError, TractResult, TypedSimpleState};
use tract_onnx::tract_core::plan;

use super::crossing::{self, Staged};
use super::graph::Shared;
use super::lane::Lane;
use crate::driver;
use crate::fault::explain;

/// Why a run gave no outputs.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody waits any more.
    Stopped,
    /// The graph or the GPU failed.
    Failed(Error),
}

thread_local! {
    /// Whether this thread's products may be computed in TF32, as its library was last told.
    static TF32: Cell<bool> = const { Cell::new(false) };
}

/// One run on this thread, which is `lane`. After a failure `state` is of no further use.
pub(crate) fn evaluate(
    graph: &Shared,
    lane: &Arc<Lane>,
    state: &mut TypedSimpleState,
    inputs: &Tensors,
    quota: &Quota,
    stop: &Stop,
) -> Result<Tensors, Failure> {
    let mut staged = Staged::default();
    let mut at = None;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        run(graph, state, inputs, quota, stop, &mut staged, &mut at)
    }));
    let error = match outcome {
        Ok(Ok(values)) => {
            let keep =
                |value| crossing::output(&graph.gpu, lane, &graph.info.device.id, value, quota);
            return values.into_iter().map(keep).collect::<Result<_>>().map_err(Failure::Failed);
        }
        Ok(Err(failed)) => failed,
        Err(payload) => Fault::Said(said(&*payload)),
    };
    // Kernels may still read what this run has sent.
    let _ = catch_unwind(crossing::wait);
    drop(staged);
    Err(match error {
        Fault::Stopped => Failure::Stopped,
        Fault::Ours(error) => Failure::Failed(graph.gpu.note(error)),
        Fault::Said(text) => Failure::Failed(graph.gpu.note(explain(text, failed(state, at)))),
    })
}

/// What ended a run.
enum Fault {
    Stopped,
    Ours(Error),
    Said(String),
}

impl From<TractError> for Fault {
    fn from(error: TractError) -> Self {
        if error.is::<Early>() { Self::Stopped } else { Self::Said(format!("{error:#}")) }
    }
}

fn run(
    graph: &Shared,
    state: &mut TypedSimpleState,
    inputs: &Tensors,
    quota: &Quota,
    stop: &Stop,
    staged: &mut Staged,
    at: &mut Option<usize>,
) -> Result<TVec<TValue>, Fault> {
    precision(graph.tf32)?;
    let budget = quota.host.budget().id();
    graph.gpu.meter.used_by(budget);
    let inputs = crossing::inputs(&graph.gpu, inputs, &graph.sent, budget, staged);
    let inputs = inputs.map_err(Fault::Ours)?.into_iter().collect();
    let values = state.run_plan_with_eval(inputs, |context, op, node, inputs| {
        *at = Some(node.id);
        if stop.is_stopped() {
            return Err(TractError::new(Early));
        }
        plan::eval(context, op, node, inputs)
    })?;
    // tract has waited for outputs that stay on the GPU.
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
