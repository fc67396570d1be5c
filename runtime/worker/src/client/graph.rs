use std::sync::Arc;

use godwit_backend::{
    Digest, Error, ExecutionContext, Graph, GraphInfo, Inputs, Quota, Result, Run, Tensor,
    TensorData, Tensors, async_trait,
};

use super::buffer::{WorkerBuffer, copied};
use super::call::{Got, Handle, Output, OutputLocation};
use super::link::Link;
use crate::wire::{Item, Request, TensorLocation};

/// A graph in the process.
#[derive(Debug)]
pub(super) struct WorkerGraph(Arc<LoadedGraph>);

#[derive(Debug)]
struct LoadedGraph {
    handle: Handle,
    model: Digest,
    info: GraphInfo,
}

impl WorkerGraph {
    pub(super) fn new(handle: Handle, model: Digest, info: GraphInfo) -> Self {
        Self(Arc::new(LoadedGraph { handle, model, info }))
    }
}

#[async_trait]
impl Graph for WorkerGraph {
    fn info(&self) -> &GraphInfo {
        &self.0.info
    }

    async fn context(&self, quota: &Quota) -> Result<Box<dyn ExecutionContext>> {
        let (host, device) = (quota.host.budget().into(), (&quota.device).into());
        let what = Request::Open { graph: self.0.handle.id(), host, device };
        match self.0.handle.link.ask(what, None, None)?.await? {
            Got::Context(handle) => {
                let (graph, quota) = (self.0.clone(), quota.clone());
                Ok(Box::new(WorkerContext { handle, graph, quota }))
            }
            other => Err(other.confused()),
        }
    }
}

/// A context in the process.
#[derive(Debug)]
struct WorkerContext {
    // Dropped before the graph it stands on.
    handle: Handle,
    graph: Arc<LoadedGraph>,
    quota: Quota,
}

impl ExecutionContext for WorkerContext {
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        Run::pending(async move {
            let link = &self.handle.link;
            let (inputs, places) = self.place(inputs.into_tensors()).await?;
            let host = inputs.iter().filter_map(Tensor::host);
            let mut lease = link.lease(host.map(|bytes| bytes.len()))?;
            let mut items = Vec::with_capacity(inputs.len());
            for (input, resident) in inputs.iter().zip(places) {
                let place = match (resident, input.host()) {
                    (Some(id), _) => TensorLocation::Resident(id),
                    (None, Some(bytes)) => {
                        TensorLocation::Shared(lease.put(bytes).map_err(|error| {
                            Error::internal("an input does not fit where it should")
                                .with_source(error)
                        })?)
                    }
                    (None, None) => return Err(Error::internal("an input that is nowhere")),
                };
                items.push(Item::new(input.dtype(), input.shape(), place));
            }
            let what = Request::Run { context: self.handle.id(), inputs: items };
            // Inputs that are on the device stay there as long as `inputs` lives.
            match link.ask(what, Some(lease), Some(self.graph.model))?.await? {
                Got::Outputs(outputs) => {
                    outputs.into_iter().map(|output| self.land(output)).collect()
                }
                other => Err(other.confused()),
            }
        })
    }
}

impl WorkerContext {
    /// The inputs, with the numbers of those that the process has already. What is on another device, or was on
    /// one whose process has ended, is fetched.
    async fn place(&self, inputs: Tensors) -> Result<(Tensors, Vec<Option<u64>>)> {
        let (mut placed, mut numbers) = (Tensors::new(), Vec::with_capacity(inputs.len()));
        for input in inputs {
            let there = match input.data() {
                TensorData::Host(_) => None,
                TensorData::Device(buffer) => buffer
                    .as_any()
                    .downcast_ref()
                    .and_then(|it: &WorkerBuffer| it.id_on(self.link())),
            };
            if there.is_none() && input.host().is_none() {
                let bytes = input.to_host(&self.quota.host).await?;
                placed.push(Tensor::new(input.dtype(), input.shape().clone(), bytes)?);
            } else {
                placed.push(input);
            }
            numbers.push(there);
        }
        Ok((placed, numbers))
    }

    fn link(&self) -> &Arc<Link> {
        &self.handle.link
    }

    fn land(&self, Output { dtype, shape, location }: Output) -> Result<Tensor> {
        match location {
            OutputLocation::Shared(loaned) => {
                Tensor::new(dtype, shape, copied(&loaned, &self.quota.host)?)
            }
            OutputLocation::Resident(handle) => {
                let len = shape.byte_len(dtype)?;
                let charge = self.quota.device.charge(len as u64)?;
                let device = self.graph.info.device.id.clone();
                let buffer = WorkerBuffer::new(handle, device, len, charge);
                Tensor::on_device(dtype, shape, Arc::new(buffer))
            }
        }
    }
}
