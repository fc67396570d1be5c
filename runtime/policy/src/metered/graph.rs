use std::sync::Arc;

use async_trait::async_trait;
use godwit_backend::{
    ErrorKind, ExecutionContext, Graph, GraphInfo, Inputs, Quota, Result, Run, Tensors,
};
use tracing::{Instrument, Span, field};

use super::meter::{Clock, Meter, byte_len};

#[derive(Debug)]
pub(super) struct MeteredGraph {
    inner: Arc<dyn Graph>,
    meter: Arc<Meter>,
}

impl MeteredGraph {
    pub(super) fn new(inner: Arc<dyn Graph>, meter: Arc<Meter>) -> Self {
        Self { inner, meter }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Graph for MeteredGraph {
    fn info(&self) -> &GraphInfo {
        self.inner.info()
    }

    async fn context(&self, quota: &Quota) -> Result<Box<dyn ExecutionContext>> {
        let inner = self.inner.context(quota).await;
        let inner = inner.inspect_err(|error| self.meter.failed(error.kind()))?;
        Ok(Box::new(MeteredContext { inner, meter: self.meter.clone() }))
    }
}

#[derive(Debug)]
struct MeteredContext {
    inner: Box<dyn ExecutionContext>,
    meter: Arc<Meter>,
}

#[deny(clippy::missing_trait_methods)]
impl ExecutionContext for MeteredContext {
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        let Self { inner, meter } = self;
        let bytes_in = byte_len(&inputs);
        let span = tracing::info_span!(
            target: "godwit_policy",
            "run",
            model = meter.model(),
            device = %meter.device(),
            bytes_in,
            bytes_out = field::Empty,
            error = field::Empty,
        );
        let recording = Recording { meter, clock: Clock::start(), bytes_in, over: false };
        let run = span.in_scope(|| inner.run(inputs));
        match run.try_ready() {
            Ok(outcome) => {
                recording.end(&outcome, &span);
                Run::ready(outcome)
            }
            Err(pending) => {
                let ended = span.clone();
                let work = async move {
                    let outcome = pending.await;
                    recording.end(&outcome, &ended);
                    outcome
                };
                Run::pending(work.instrument(span))
            }
        }
    }
}

/// One run under way. Dropped before its end, it was cancelled.
struct Recording<'a> {
    meter: &'a Meter,
    clock: Clock,
    bytes_in: u64,
    over: bool,
}

impl Recording<'_> {
    fn end(mut self, outcome: &Result<Tensors>, span: &Span) {
        self.over = true;
        match outcome {
            Ok(outputs) => {
                let bytes_out = byte_len(outputs);
                self.meter.ran(self.clock.elapsed(), self.bytes_in, bytes_out);
                span.record("bytes_out", bytes_out);
            }
            Err(error) => {
                self.meter.failed(error.kind());
                span.record("error", field::debug(error.kind()));
                span.in_scope(|| {
                    tracing::debug!(target: "godwit_policy", kind = ?error.kind(), "{}", error.report());
                });
            }
        }
    }
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.meter.failed(ErrorKind::Cancelled);
        }
    }
}
