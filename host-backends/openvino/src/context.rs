#![allow(unsafe_code, reason = "lends the memory of tensors to the library")]

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use godwit_backend::{
    Error, ExecutionContext, InlineEstimate, Inputs, Memory, Result, Run, Shape, Tensor, Tensors,
};
use smallvec::SmallVec;

use crate::by_port::ByPort;
use crate::copied::Copied;
use crate::errors;
use crate::guards::Guards;
use crate::in_flight::{Held, InFlight, Phase};
use crate::loaded_graph::LoadedGraph;
use crate::origins::Origin;
use crate::ov::{HostTensor, Request};
use crate::staged::Staged;

/// One caller's state on a graph.
pub(crate) struct OvContext {
    graph: Arc<LoadedGraph>,
    memory: Memory,
    in_flight: Arc<InFlight>,
    /// Absent only while the context is dropped.
    request: Option<Request>,
    /// The library's own tensors for the outputs, to be bound where the size is not known.
    own: SmallVec<[HostTensor; 4]>,
    /// Address and dimensions of what the library reads and writes.
    bound: ByPort<(usize, Shape)>,
    /// What small tensors pass through.
    staged: Staged,
    estimate: InlineEstimate,
    /// What the last run showed, for a graph whose outputs' dimensions follow from its inputs'.
    seen: Option<Seen>,
}

/// The dimensions of one run.
struct Seen {
    inputs: SmallVec<[Shape; 4]>,
    outputs: SmallVec<[Shape; 4]>,
}

impl OvContext {
    pub(crate) fn open(graph: Arc<LoadedGraph>, memory: Memory) -> Result<Self> {
        let in_flight = Arc::new(InFlight::default());
        let request = graph.compiled.request(in_flight.clone()).map_err(errors::open)?;
        let estimate = graph.inline.estimate();
        let count = graph.info.signature.outputs.len();
        let own = (0..count).map(|at| request.output(at)).collect::<Result<_, _>>();
        let own = own.map_err(errors::internal)?;
        Ok(Self {
            staged: Staged::new(graph.copied.clone()),
            graph,
            memory,
            in_flight,
            request: Some(request),
            own,
            bound: ByPort::default(),
            estimate,
            seen: None,
        })
    }

    fn request(&mut self) -> Result<&mut Request> {
        self.request.as_mut().ok_or_else(|| Error::internal("a context without a request"))
    }

    /// The dimensions of an output, if they are known before the run.
    fn expected(&self, at: usize, inputs: &Tensors) -> Option<Shape> {
        if let Some(fixed) = self.graph.fixed(at) {
            return Some(fixed.clone());
        }
        let seen = self.seen.as_ref().filter(|_| self.graph.shape_determined)?;
        let same = seen.inputs.iter().eq(inputs.iter().map(Tensor::shape));
        seen.outputs.get(at).filter(|_| same).cloned()
    }

    /// Gives the library its views of the inputs and of the outputs whose size is known.
    fn bind(&mut self, inputs: Inputs) -> Result<Held> {
        let graph = self.graph.clone();
        // An input left out would leave the library with the memory of an earlier run.
        if inputs.len() != graph.info.signature.inputs.len() {
            return Err(Error::internal("the inputs of another graph"));
        }
        let mut held = Held::default();
        for (at, input) in inputs.into_tensors().into_iter().enumerate() {
            let staged = self.staged.input(at, &input)?;
            let input =
                if staged.is_some() { input } else { aligned(input, &self.memory, &graph.copied)? };
            let data = match &staged {
                Some(staged) => staged.as_ptr(),
                None => input.host().map_or(std::ptr::null(), |bytes| bytes.as_ptr()),
            };
            held.staged.extend(staged.map(|staged| (at, staged)));
            if !self.is_bound(at, data, input.shape()) {
                self.bound.take(at);
                // SAFETY: inputs are only read; `held` outlives every run that begins before the next
                // binding, or before the next input at the same address.
                let view =
                    unsafe { HostTensor::over(input.dtype(), input.shape(), data.cast_mut()) };
                let view = view.map_err(errors::internal)?;
                // SAFETY: as above.
                unsafe { self.request()?.set_input(at, &view) }.map_err(errors::internal)?;
                self.bound.set(at, (data.addr(), input.shape().clone()));
                held.views.push(view);
            }
            held.inputs.push(input);
        }
        let first = graph.info.signature.inputs.len();
        for (at, info) in graph.info.signature.outputs.iter().enumerate() {
            if graph.origin(at) != Origin::Computed {
                held.outputs.push(None);
                continue;
            }
            let Some(shape) = self.expected(at, &held.inputs) else {
                let (Some(request), Some(own)) = (&mut self.request, self.own.get(at)) else {
                    return Err(Error::internal("a context without an output"));
                };
                self.bound.take(first + at);
                // SAFETY: the library looks after the memory of its own tensors.
                unsafe { request.set_output(at, own) }.map_err(errors::internal)?;
                held.outputs.push(None);
                continue;
            };
            let bytes = shape.byte_len(info.dtype)?;
            let mut buffer = self.staged.output(first + at, bytes, &self.memory)?;
            if self.is_bound(first + at, buffer.as_mut_ptr(), &shape) {
                held.outputs.push(Some((buffer, shape)));
                continue;
            }
            self.bound.take(first + at);
            // SAFETY: the buffer is in `held`, as above, and is not touched until the run has ended.
            let view = unsafe { HostTensor::over(info.dtype, &shape, buffer.as_mut_ptr()) };
            let view = view.map_err(errors::internal)?;
            // SAFETY: as above.
            unsafe { self.request()?.set_output(at, &view) }.map_err(errors::internal)?;
            self.bound.set(first + at, (buffer.as_ptr().addr(), shape.clone()));
            held.outputs.push(Some((buffer, shape)));
            held.views.push(view);
        }
        Ok(held)
    }

    /// Whether the library has this very memory already. Binding it anew makes it lay out its edges again.
    fn is_bound(&self, port: usize, data: *const u8, shape: &Shape) -> bool {
        self.bound.get(port).is_some_and(|(addr, bound)| *addr == data.addr() && bound == shape)
    }

    /// The outputs of the run that has ended.
    fn collect(&mut self, held: Held) -> Result<Tensors> {
        let graph = self.graph.clone();
        let mut outputs = Tensors::new();
        let Held { inputs, staged, outputs: buffers, views } = held;
        self.staged.keep(staged);
        let first = graph.info.signature.inputs.len();
        for ((at, info), buffer) in graph.info.signature.outputs.iter().enumerate().zip(buffers) {
            let passed_on = match graph.origin(at) {
                Origin::Computed => None,
                Origin::Input(input) => Some(inputs.get(input)),
                Origin::Output(output) => Some(outputs.get(output)),
            };
            if let Some(passed_on) = passed_on {
                let passed_on =
                    passed_on.ok_or_else(|| Error::internal("an output of no origin"))?;
                outputs.push(passed_on.clone());
                continue;
            }
            if let Some((buffer, shape)) = buffer {
                let bytes = self.staged.take(first + at, buffer, &self.memory)?;
                let output = Tensor::new(info.dtype, shape, bytes)?;
                Guards::check_output(&info.name, &output)?;
                outputs.push(output);
                continue;
            }
            let tensor = self.request()?.output(at).map_err(errors::internal)?;
            let shape = tensor.shape().map_err(errors::internal)?;
            // SAFETY: the run has ended, and the request holds the memory.
            let bytes = unsafe { tensor.bytes() }.map_err(errors::internal)?;
            graph.copied.outputs.increment(bytes.len() as u64);
            let output = Tensor::new(info.dtype, shape, self.memory.copy_from(bytes)?)?;
            Guards::check_output(&info.name, &output)?;
            outputs.push(output);
        }
        drop(views);
        if graph.shape_determined && graph.fixed.iter().any(Option::is_none) {
            let shapes = |tensors: &Tensors| tensors.iter().map(|it| it.shape().clone()).collect();
            self.seen = Some(Seen { inputs: shapes(&inputs), outputs: shapes(&outputs) });
        }
        Ok(outputs)
    }

    fn run_inline(&mut self, inputs: Inputs) -> Result<Tensors> {
        self.graph.guards.check(&self.graph.info.signature, &inputs)?;
        let held = self.bind(inputs)?;
        let began = Instant::now();
        let outcome = self.request()?.infer();
        self.estimate.record(&held.inputs, began.elapsed());
        outcome.map_err(errors::run)?;
        self.collect(held)
    }

    async fn run_in_background(&mut self, inputs: Inputs) -> Result<Tensors> {
        let inputs = inputs.on_host(&self.memory).await?;
        self.graph.guards.check(&self.graph.info.signature, &inputs)?;
        // A run that was dropped may still be in progress.
        self.finished().await?;
        let held = self.bind(inputs)?;
        let began = Instant::now();
        self.in_flight.start();
        if let Err(failure) = self.request()?.start() {
            self.in_flight.set_idle();
            return Err(errors::run(failure));
        }
        let mut running =
            RunningCall { in_flight: &self.in_flight, request: &self.request, held: Some(held) };
        until_finished(running.in_flight).await;
        let held = running.held.take().unwrap_or_default();
        drop(running);
        let outcome = self.request()?.wait();
        self.in_flight.set_idle();
        self.estimate.record(&held.inputs, began.elapsed());
        outcome.map_err(errors::run)?;
        self.collect(held)
    }

    async fn finished(&mut self) -> Result<()> {
        until_finished(&self.in_flight).await;
        if self.in_flight.phase() == Phase::Finished {
            // How it ended is of no interest any more.
            let _ = self.request()?.wait();
            self.in_flight.set_idle();
        }
        Ok(())
    }
}

/// A run in progress: dropped before its end, it is cancelled and its memory is left to the library.
struct RunningCall<'a> {
    in_flight: &'a InFlight,
    request: &'a Option<Request>,
    held: Option<Held>,
}

impl Drop for RunningCall<'_> {
    fn drop(&mut self) {
        let Some(held) = self.held.take() else { return };
        self.in_flight.abandon(held);
        if let Some(request) = self.request
            && let Err(failure) = request.cancel()
        {
            tracing::warn!(%failure, "a run could not be cancelled");
        }
    }
}

impl ExecutionContext for OvContext {
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        if self.estimate.runs_inline(&inputs) && self.in_flight.phase() == Phase::Idle {
            return Run::ready(self.run_inline(inputs));
        }
        Run::pending(self.run_in_background(inputs))
    }
}

impl Drop for OvContext {
    fn drop(&mut self) {
        // Freeing a request waits for its run, and nobody should have to wait for that.
        if self.in_flight.phase() == Phase::Running {
            let left = (self.request.take(), self.graph.clone());
            let reaper = thread::Builder::new().name("godwit-openvino-reap".into());
            if let Err(error) = reaper.spawn(move || drop(left)) {
                tracing::warn!(%error, "a context waits for its run");
            }
        }
    }
}

/// Waits until no run is in progress.
async fn until_finished(in_flight: &InFlight) {
    poll_fn(|cx| in_flight.poll_finished(cx)).await;
}

/// An input whose elements lie where the library can read them.
fn aligned(input: Tensor, memory: &Memory, copied: &Copied) -> Result<Tensor> {
    let Some(bytes) = input.host() else {
        return Err(Error::internal("an input that is not on the host"));
    };
    if bytes.as_ptr().align_offset(input.dtype().size()) == 0 {
        return Ok(input);
    }
    copied.inputs.increment(bytes.len() as u64);
    let copy = memory.copy_from(bytes)?;
    Tensor::new(input.dtype(), input.shape().clone(), copy)
}

impl fmt::Debug for OvContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OvContext")
            .field("graph", &self.graph)
            .field("estimate", &self.estimate)
            .finish_non_exhaustive()
    }
}
