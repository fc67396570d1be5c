use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use godwit_backend::{Error, Result, Stop, Tensor, Tensors};
use tract_linalg::multithread::{Executor, multithread_tract_scope};
use tract_onnx::prelude::{TValue, TVec, TractError, TractResult, TypedSimpleState};
use tract_onnx::tract_core::plan;

use crate::cores::Running;
use godwit_tract::{Early, failed, said, tensors};

/// Operators between two looks at the clock on the caller's thread.
const STRIDE: u32 = 4;

/// Where a run happens, and what ends it early.
pub(crate) enum RunThread<'a> {
    /// On the caller's thread, until a moment that may never come, with more threads at hand for a run
    /// that is worth them.
    Caller { until: Option<Instant>, running: Running<'a>, together: Option<&'a Executor> },
    /// On a worker, until it is stopped, with more threads at hand while it is alone.
    Worker { stop: &'a Stop, running: Running<'a>, together: &'a Executor },
}

/// Why a run gave no outputs.
#[derive(Debug)]
pub(crate) enum RunError {
    /// The time on the caller's thread is over.
    Overran,
    /// Nobody waits any more.
    Stopped,
    /// The graph failed.
    Failed(Error),
}

/// One run. After a failure `state` is of no further use.
pub(crate) fn evaluate(
    state: &mut TypedSimpleState,
    inputs: &[Tensor],
    place: &RunThread<'_>,
) -> Result<TVec<TValue>, RunError> {
    let mut at = None;
    let caught = catch_unwind(AssertUnwindSafe(|| -> Result<TractResult<TVec<TValue>>> {
        let inputs = inputs.iter().map(tensors::input).collect::<Result<_>>()?;
        Ok(match place {
            RunThread::Caller { until, running, together } => {
                let executor = together.filter(|_| running.alone()).cloned();
                multithread_tract_scope(executor.unwrap_or(Executor::SingleThread), || {
                    here(state, inputs, *until, &mut at)
                })
            }
            RunThread::Worker { stop, running, together } => {
                worker(state, inputs, stop, running, together, &mut at)
            }
        })
    }));
    let error = match caught {
        Ok(Ok(Ok(outputs))) => return Ok(outputs),
        Ok(Err(refused)) => return Err(RunError::Failed(refused)),
        Ok(Ok(Err(error))) if error.is::<Early>() => {
            return Err(match place {
                RunThread::Caller { .. } => RunError::Overran,
                RunThread::Worker { .. } => RunError::Stopped,
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
    Err(RunError::Failed(error))
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

fn exhausted() -> Error {
    Error::out_of_memory("the host has no memory left for this run")
}

/// The outputs of a run, shared and charged.
pub(crate) fn adopt(outputs: TVec<TValue>, memory: &godwit_backend::Memory) -> Result<Tensors> {
    outputs.into_iter().map(|value| tensors::output(value, memory)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    use godwit_backend::ErrorKind;
    use godwit_fixtures::models::{matmul_chain, mixed};

    use super::*;
    use crate::compile::compile;
    use crate::cores::Cores;

    fn state(onnx: &[u8]) -> TypedSimpleState {
        compile(onnx, &Stop::default()).unwrap().plan.spawn().unwrap()
    }

    fn ones(rows: usize, n: usize) -> Tensor {
        Tensor::from_values([rows, n], &vec![1f32; rows * n]).unwrap()
    }

    #[test]
    fn a_stop_in_the_middle_is_seen_between_two_operators() {
        let cores = Arc::new(Cores::new(Some(1)).unwrap());
        let mut state = state(&matmul_chain(512, 200));
        let stop = Stop::default();
        let raise = stop.clone();
        let raiser = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            raise.stop();
        });
        let place = RunThread::Worker {
            stop: &stop,
            running: cores.begin(),
            together: &Executor::SingleThread,
        };
        let outcome = evaluate(&mut state, &[ones(2000, 512)], &place);
        raiser.join().unwrap();
        assert!(matches!(outcome, Err(RunError::Stopped)), "{outcome:?}");
        let outputs = state.model().output_outlets().unwrap();
        let last = &state.turn_state.values[outputs[0].node];
        assert!(last.is_none(), "the run went on to its end");
    }

    #[test]
    fn a_run_past_its_time_on_the_callers_thread_is_abandoned() {
        let mut state = state(&matmul_chain(16, 10));
        let cores = Cores::new(Some(1)).unwrap();
        let until = Some(Instant::now());
        let place = RunThread::Caller { until, running: cores.begin(), together: None };
        let outcome = evaluate(&mut state, &[ones(1, 16)], &place);
        assert!(matches!(outcome, Err(RunError::Overran)), "{outcome:?}");
    }

    #[test]
    fn a_failure_names_the_operator_in_our_words() {
        let mut state = state(&mixed());
        let ids = Tensor::from_values([1], &[99i64]).unwrap();
        let mask = Tensor::from_values([1], &[1f32]).unwrap();
        let cores = Cores::new(Some(1)).unwrap();
        let place = RunThread::Caller { until: None, running: cores.begin(), together: None };
        let outcome = evaluate(&mut state, &[ids, mask], &place);
        let Err(RunError::Failed(error)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert!(error.message().contains("at its operator '"), "{error}");
        assert_ne!(error.report(), error.message(), "the library's own words are kept");
    }
}
