//! The thread of one context: it waits for runs in the context's slot, and runs them.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures::channel::oneshot;
use futures::future::{Either, select};
use godwit_backend::{
    Buffer, CheckedContext, Error, HostMemory, Memory, Result, Shape, Tensor, TensorData, Tensors,
    wait,
};

use super::server::Server;
use crate::lock::lock;
use crate::shared::{ControlPage, SharedMemory, next};
use crate::sys;
use crate::wire::{
    Area, Item, Said, SlotAnswer, SlotAsk, SlotReply, SlotRequest, TensorLocation, WireError,
    layout,
};

/// What a context's thread and the server share.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) control: ControlPage,
    pub(super) areas: Mutex<Areas>,
    is_closed: AtomicBool,
    /// Kept as long as something is booked on them.
    _accounts: [Arc<Memory>; 2],
}

#[derive(Debug)]
pub(super) struct Areas {
    pub(super) inputs: Arc<SharedMemory>,
    pub(super) outputs: Arc<SharedMemory>,
}

impl Context {
    pub(super) fn new(control: ControlPage, areas: Areas, accounts: [Arc<Memory>; 2]) -> Self {
        let areas = Mutex::new(areas);
        Self { control, areas, is_closed: AtomicBool::new(false), _accounts: accounts }
    }

    pub(super) fn replace(&self, area: Area, memory: SharedMemory) {
        let mut areas = lock(&self.areas);
        match area {
            Area::Inputs => areas.inputs = Arc::new(memory),
            Area::Outputs => areas.outputs = Arc::new(memory),
        }
    }

    /// Ends its thread, once that is at rest.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        if let Err(error) = self.control.interrupt() {
            tracing::error!(%error, "a context's thread cannot be woken");
        }
    }
}

/// Serves the slot until the context is closed.
pub(super) fn serve(
    server: &Server,
    context: &Context,
    mut inner: CheckedContext,
) -> io::Result<()> {
    context.control.set_thread(sys::thread())?;
    let (mut sequence, mut kept) = (0, Tensors::new());
    loop {
        sequence = next(sequence);
        let is_closed = || context.is_closed.load(Ordering::SeqCst);
        let Some(text) = context.control.request(sequence, is_closed)? else { return Ok(()) };
        let SlotAsk { call, what } = serde_json::from_slice(&text)?;
        let outcome = match what {
            SlotRequest::Collect => put(server, context, std::mem::take(&mut kept)),
            SlotRequest::Run(items) => {
                let (stop, stopped) = oneshot::channel();
                lock(&server.objects).calls.insert(call, stop);
                let outcome = if context.control.is_cancelled(sequence)? {
                    Err(Error::cancelled("nobody waits for it any more"))
                } else {
                    run(server, context, &mut inner, items, stopped)
                };
                lock(&server.objects).calls.remove(&call);
                outcome.and_then(|outputs| put(server, context, outputs))
            }
        };
        let outcome = match outcome {
            Ok(Put::Items(items)) => Ok(SlotReply::Outputs(items)),
            Ok(Put::NoRoom(len, outputs)) => {
                kept = outputs;
                Ok(SlotReply::Room(len))
            }
            Err(error) => Err(WireError::from(error)),
        };
        let holds_inputs = Arc::strong_count(&lock(&context.areas).inputs) > 1;
        if answer(context, sequence, SlotAnswer { outcome, holds_inputs })? {
            server.socket.send(&Said::Done(call))?;
        }
    }
}

fn answer(context: &Context, sequence: u32, answer: SlotAnswer) -> io::Result<bool> {
    match context.control.answer(sequence, &serde_json::to_vec(&answer)?) {
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            let error = Error::too_large("the outputs have too many dimensions to be told");
            let answer = SlotAnswer { outcome: Err(WireError::from(error)), ..answer };
            context.control.answer(sequence, &serde_json::to_vec(&answer)?)
        }
        other => other,
    }
}

fn run(
    server: &Server,
    context: &Context,
    inner: &mut CheckedContext,
    items: Vec<Item>,
    stopped: oneshot::Receiver<()>,
) -> Result<Tensors> {
    let inputs = inputs(server, context, items)?;
    let work = move || {
        let run = inner.run(inputs);
        match wait(select(pin!(run), stopped)) {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => Err(Error::cancelled("nobody waits for it any more")),
        }
    };
    let panicked = |_| Err(Error::internal("a worker panicked"));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(panicked)
}

/// Bytes of an input, used where they are.
#[derive(Debug)]
struct Lent {
    memory: Arc<SharedMemory>,
    offset: usize,
    len: usize,
}

impl HostMemory for Lent {
    #[allow(unsafe_code, reason = "the other side is another process")]
    fn bytes(&self) -> &[u8] {
        let end = self.offset.saturating_add(self.len);
        // SAFETY: the host, which is the program that started this one, writes inputs before it asks for a run and
        // not again until that is answered.
        unsafe { self.memory.bytes(self.offset..end) }
    }
}

pub(super) fn lent(memory: Arc<SharedMemory>, offset: usize, len: usize) -> Buffer {
    Buffer::from_owner(Lent { memory, offset, len })
}

fn inputs(server: &Server, context: &Context, items: Vec<Item>) -> Result<Tensors> {
    let memory = lock(&context.areas).inputs.clone();
    let tensor = |item: Item| {
        let shape = Shape::new(item.shape);
        match item.location {
            TensorLocation::Shared(offset) => {
                let len = shape.byte_len(item.dtype)?;
                Tensor::new(item.dtype, shape, lent(memory.clone(), offset, len))
            }
            TensorLocation::Resident(id) => {
                lock(&server.objects).buffers.get(&id).cloned().ok_or_else(|| {
                    Error::internal("a tensor that the worker process does not have")
                })
            }
        }
    };
    items.into_iter().map(tensor).collect()
}

enum Put {
    Items(Vec<Item>),
    /// The bytes that are needed, and what needs them.
    NoRoom(usize, Tensors),
}

/// Puts outputs where the host reads them; what is on the device stays there and gets a number.
fn put(server: &Server, context: &Context, outputs: Tensors) -> Result<Put> {
    let memory = lock(&context.areas).outputs.clone();
    let lens = outputs.iter().map(|output| output.host().map_or(0, |bytes| bytes.len()));
    let (offsets, room) = layout(lens)
        .ok_or_else(|| Error::too_large("the outputs of a run are too large together"))?;
    if room > memory.len() {
        return Ok(Put::NoRoom(room, outputs));
    }
    let mut items = Vec::with_capacity(outputs.len());
    for (output, offset) in outputs.into_iter().zip(offsets) {
        let (dtype, shape) = (output.dtype(), output.shape().clone());
        let location = match output.data() {
            TensorData::Host(bytes) => {
                memory.write(offset, bytes).map_err(|error| {
                    Error::internal("an output does not fit where it should").with_source(error)
                })?;
                TensorLocation::Shared(offset)
            }
            TensorData::Device(_) => {
                let mut objects = lock(&server.objects);
                let id = objects.number();
                objects.buffers.insert(id, output);
                TensorLocation::Resident(id)
            }
        };
        items.push(Item::new(dtype, &shape, location));
    }
    Ok(Put::Items(items))
}
