use std::sync::Arc;

use godwit_backend::{
    Error, ExecutionContext, InlineEstimate, Inputs, Quota, Result, Run, Tensor, TensorData,
    Tensors,
};

use super::buffer::{WorkerBuffer, copied};
use super::call::{Got, Handle};
use super::channel::Channel;
use super::graph::LoadedGraph;
use super::link::Work;
use super::run::{Last, shared_len};
use super::together::Together;
use crate::wire::{Area, Item, Kept, Request, SlotReply, SlotRequest, TensorLocation, layout};

/// A context in the process.
#[derive(Debug)]
pub(super) struct WorkerContext {
    pub(super) last: Last,
    // Dropped before the graph it stands on.
    pub(super) handle: Handle,
    pub(super) channel: Channel,
    pub(super) estimate: InlineEstimate,
    pub(super) together: Together,
    pub(super) work: Work,
    graph: Arc<LoadedGraph>,
    quota: Quota,
}

impl ExecutionContext for WorkerContext {
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        match self.handle.link.is_over() {
            true => Run::ready(Err(self.handle.link.lost())),
            false => self.start(inputs),
        }
    }
}

impl WorkerContext {
    pub(super) fn new(
        handle: Handle,
        channel: Channel,
        work: Work,
        graph: Arc<LoadedGraph>,
        quota: Quota,
    ) -> Self {
        let estimate = graph.inline.estimate();
        let (last, together) = (Last::default(), Together::new(graph.together));
        Self { last, handle, channel, estimate, together, work, graph, quota }
    }

    /// The error of a process that does not keep the protocol, which is killed.
    pub(super) fn violated(&self, how: &str) -> Error {
        self.handle.link.violated(how);
        self.handle.link.lost()
    }

    /// The inputs, with the numbers of those that the process has already. What is on another device, or was on
    /// one whose process has ended, is fetched.
    pub(super) async fn place(&self, inputs: Tensors) -> Result<(Tensors, Vec<Option<u64>>)> {
        let (mut placed, mut numbers) = (Tensors::new(), Vec::with_capacity(inputs.len()));
        for input in inputs {
            let number = match input.data() {
                TensorData::Host(_) => None,
                TensorData::Device(buffer) => buffer
                    .as_any()
                    .downcast_ref()
                    .and_then(|it: &WorkerBuffer| it.id_on(&self.handle.link)),
            };
            if number.is_none() && input.host().is_none() {
                let bytes = input.to_host(&self.quota.host).await?;
                placed.push(Tensor::new(input.dtype(), input.shape().clone(), bytes)?);
            } else {
                placed.push(input);
            }
            numbers.push(number);
        }
        Ok((placed, numbers))
    }

    /// Sees to it that the inputs have room.
    pub(super) async fn make_room(
        &mut self,
        inputs: &[Tensor],
        numbers: &[Option<u64>],
    ) -> Result<()> {
        let lens = inputs.iter().zip(numbers).map(|(input, number)| shared_len(input, *number));
        let room = layout(lens).map(|(_, room)| room).ok_or_else(too_large)?;
        if self.channel.outputs_are_unsure {
            self.grow(Area::Outputs, self.channel.outputs.len()).await?;
        }
        if !self.channel.takes(room) {
            self.grow(Area::Inputs, room).await?;
        }
        Ok(())
    }

    async fn grow(&mut self, area: Area, len: usize) -> Result<()> {
        let (memory, file) = self.channel.fresh(area, len)?;
        let what = Request::Area { context: self.handle.id(), area };
        let within = self.graph.limits.open;
        let call = self.handle.link.ask(what, vec![file], Some(self.work), within)?;
        call.answer(|got| matches!(got, Got::Done).then_some(())).await?;
        self.channel.replace(area, memory);
        Ok(())
    }

    /// The outputs for which there was no room.
    pub(super) async fn collect(&mut self, len: usize) -> Result<Vec<Item>> {
        if len as u64 > self.quota.host.budget().limit() {
            return Err(too_large());
        }
        self.grow(Area::Outputs, len).await?;
        self.ask(SlotRequest::Collect, true, Tensors::new())?;
        match self.awaited().await? {
            SlotReply::Outputs(items) => Ok(items),
            SlotReply::Room(_) => Err(self.violated("it asked for room again")),
        }
    }

    /// The outputs as tensors of the tenant, held against what the model says.
    pub(super) fn land(&self, items: Vec<Item>) -> Result<Tensors> {
        let declared = &self.graph.info.signature.outputs;
        // The handles come first: whatever is wrong, what is kept there is given back.
        let link = &self.handle.link;
        let items: Vec<(Item, Option<Handle>)> = items
            .into_iter()
            .map(|item| match item.location {
                TensorLocation::Resident(id) => {
                    let handle = Handle::new(link.clone(), Kept::Buffer(id));
                    (item, Some(handle))
                }
                TensorLocation::Shared(_) => (item, None),
            })
            .collect();
        let types = items.iter().map(|(item, _)| item.dtype);
        if !types.eq(declared.iter().map(|output| output.dtype)) {
            return Err(self.violated("it gave other outputs than the model has"));
        }
        items.into_iter().map(|(item, handle)| self.tensor(item, handle)).collect()
    }

    fn tensor(&self, item: Item, handle: Option<Handle>) -> Result<Tensor> {
        let shape = godwit_backend::Shape::new(item.shape);
        let len = shape
            .byte_len(item.dtype)
            .map_err(|_| self.violated("it gave an output of no possible size"))?;
        match (item.location, handle) {
            (TensorLocation::Shared(offset), _) => {
                let end = offset.checked_add(len);
                if end.is_none_or(|end| end > self.channel.outputs.len()) {
                    return Err(self.violated("it gave an output that is not where it says"));
                }
                let bytes = copied(&self.channel.outputs, offset, len, &self.quota.host)?;
                Tensor::new(item.dtype, shape, bytes)
            }
            (TensorLocation::Resident(_), Some(handle)) => {
                let charge = self.quota.device.charge(len as u64)?;
                let device = self.graph.info.device.id.clone();
                let within = self.graph.limits.read;
                let buffer = WorkerBuffer::new(handle, device, len, charge, within);
                Tensor::on_device(item.dtype, shape, Arc::new(buffer))
            }
            (TensorLocation::Resident(_), None) => Err(self.violated("an output is nowhere")),
        }
    }
}

fn too_large() -> Error {
    Error::too_large("the tensors of a run are too large together")
}
