use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use godwit_backend::{
    ExecutionContext, Graph, GraphInfo, Inputs, Quota, Result, Run, Signature, TensorInfo, Tensors,
};

use super::Tape;

#[derive(Debug)]
pub(super) struct RecordedGraph {
    inner: Arc<dyn Graph>,
    tape: Tape,
    load: usize,
}

impl RecordedGraph {
    pub(super) fn new(inner: Arc<dyn Graph>, tape: Tape, load: usize) -> Self {
        Self { inner, tape, load }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Graph for RecordedGraph {
    fn info(&self) -> &GraphInfo {
        self.inner.info()
    }

    async fn context(&self, quota: &Quota) -> Result<Box<dyn ExecutionContext>> {
        let inner = self.inner.context(quota).await?;
        let (graph, tape, load) = (self.inner.clone(), self.tape.clone(), self.load);
        Ok(Box::new(RecordedContext { inner, graph, tape, load }))
    }
}

#[derive(Debug)]
struct RecordedContext {
    inner: Box<dyn ExecutionContext>,
    graph: Arc<dyn Graph>,
    tape: Tape,
    load: usize,
}

#[deny(clippy::missing_trait_methods)]
impl ExecutionContext for RecordedContext {
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        let Self { inner, graph, tape, load } = self;
        // From here on the tape has the run as cancelled, until its outcome is recorded.
        let Some(nth) = tape.begin(*load) else { return inner.run(inputs) };
        let taken = Taken { tape, nth, signature: &graph.info().signature, inputs: inputs.clone() };
        let began = Instant::now();
        match inner.run(inputs).try_ready() {
            Ok(outcome) => {
                let took = began.elapsed();
                match taken.is_on_host(&outcome) {
                    true => taken.write_now(took, &outcome),
                    false => {
                        return Run::pending(async move {
                            taken.write(took, &outcome).await;
                            outcome
                        });
                    }
                }
                Run::ready(outcome)
            }
            Err(pending) => Run::pending(async move {
                let outcome = pending.await;
                taken.write(began.elapsed(), &outcome).await;
                outcome
            }),
        }
    }
}

/// A run that has begun.
struct Taken<'a> {
    tape: &'a Tape,
    nth: usize,
    signature: &'a Signature,
    inputs: Inputs,
}

impl Taken<'_> {
    fn is_on_host(&self, outcome: &Result<Tensors>) -> bool {
        let outputs = outcome.iter().flatten();
        self.inputs.iter().chain(outputs).all(|tensor| tensor.host().is_some())
    }

    fn write_now(&self, took: Duration, outcome: &Result<Tensors>) {
        self.put(took, outcome, &self.inputs, outcome.as_deref().unwrap_or_default());
    }

    async fn write(&self, took: Duration, outcome: &Result<Tensors>) {
        let inputs = self.tape.on_host(&self.inputs).await;
        let outputs = self.tape.on_host(outcome.as_deref().unwrap_or_default()).await;
        if let (Some(inputs), Some(outputs)) = (inputs, outputs) {
            self.put(took, outcome, &inputs, &outputs);
        }
    }

    fn put(
        &self,
        took: Duration,
        outcome: &Result<Tensors>,
        inputs: &[godwit_backend::Tensor],
        outputs: &[godwit_backend::Tensor],
    ) {
        let named = |infos: &[TensorInfo], tensors: &[godwit_backend::Tensor]| {
            let pairs = infos.iter().zip(tensors);
            pairs.map(|(info, tensor)| (info.name.to_string(), tensor.clone())).collect()
        };
        self.tape.end(
            self.nth,
            named(&self.signature.inputs, inputs),
            named(&self.signature.outputs, outputs),
            took,
            outcome.as_ref().err(),
        );
    }
}
