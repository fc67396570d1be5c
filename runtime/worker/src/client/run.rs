//! Runs: asked for in the context's slot, and waited for on the caller's thread while they are short.

use std::time::{Duration, Instant};

use futures::channel::oneshot;
use godwit_backend::{Error, Inputs, Result, Run, Tensor, Tensors};

use super::context::WorkerContext;
use crate::shared::{Answered, next};
use crate::wire::{Item, SlotAnswer, SlotAsk, SlotReply, SlotRequest, TensorLocation, layout};

/// Runs shorter than this are computed on the caller's processor.
const TOGETHER: Duration = Duration::from_millis(1);

/// What a context knows of its last run.
#[derive(Debug, Default)]
pub(super) struct Last {
    sequence: u32,
    call: u64,
    /// Whether the process may still be at it.
    is_open: bool,
    /// The message about its end, once there is to be one.
    done: Option<oneshot::Receiver<()>>,
}

/// How far a run has come on the caller's thread.
enum Stage {
    New,
    Begun,
    NeedsRoom(usize),
}

/// Cancels a run that is dropped before it is over.
struct CancelOnDrop<'a>(&'a mut WorkerContext);

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl WorkerContext {
    pub(super) fn start(&mut self, inputs: Inputs) -> Run<'_> {
        let stage =
            if self.last.is_open || !self.estimate.runs_inline(&inputs) || !self.fits(&inputs) {
                Stage::New
            } else {
                match self.run_inline(&inputs) {
                    Ok(stage) => stage,
                    Err(outcome) => return Run::ready(outcome),
                }
            };
        let guard = CancelOnDrop(self);
        Run::pending(async move { guard.0.go_on(stage, inputs).await })
    }

    /// The outcome of a short run, as an error; or how far it came.
    #[allow(
        clippy::result_large_err,
        reason = "the outcome is returned by value, as `Run` holds it"
    )]
    fn run_inline(&mut self, inputs: &Inputs) -> Result<Stage, Result<Tensors>> {
        let began = Instant::now();
        let (control, process) = (&self.channel.control, self.handle.link.process());
        let stay = match self.estimate.last() < TOGETHER {
            true => self.together.hold(control, process),
            false => {
                self.together.release(control, process);
                None
            }
        };
        self.begin(inputs, &[], false).map_err(Err)?;
        let waited = self.channel.control.wait(self.last.sequence, self.estimate.budget());
        drop(stay);
        match waited {
            Err(error) => Err(Err(self.violated(&error.to_string()))),
            Ok(Answered::NotYet) => {
                self.estimate.overran();
                Ok(Stage::Begun)
            }
            Ok(Answered::Yes) => {
                self.end();
                self.estimate.record(inputs, began.elapsed());
                match self.reply() {
                    Ok(SlotReply::Room(len)) => Ok(Stage::NeedsRoom(len)),
                    Ok(SlotReply::Outputs(items)) => Err(self.land(items)),
                    Err(error) => Err(Err(error)),
                }
            }
        }
    }

    async fn go_on(&mut self, stage: Stage, inputs: Inputs) -> Result<Tensors> {
        let reply = match stage {
            Stage::NeedsRoom(len) => SlotReply::Room(len),
            Stage::Begun => self.awaited().await?,
            Stage::New => {
                // A run that was cancelled may still be ending there.
                self.over().await?;
                let (placed, numbers) = self.place(inputs.clone().into_tensors()).await?;
                self.make_room(&placed, &numbers).await?;
                self.together.release(&self.channel.control, self.handle.link.process());
                let began = Instant::now();
                self.begin(&placed, &numbers, true)?;
                let reply = self.awaited().await?;
                self.estimate.record(&inputs, began.elapsed());
                reply
            }
        };
        let items = match reply {
            SlotReply::Outputs(items) => items,
            SlotReply::Room(len) => self.collect(len).await?,
        };
        self.land(items)
    }

    /// Asks for a run. `numbers` are those of inputs that the process has.
    fn begin(&mut self, inputs: &[Tensor], numbers: &[Option<u64>], notify: bool) -> Result<()> {
        let number = |index: usize| numbers.get(index).copied().flatten();
        let lens = inputs.iter().enumerate().map(|(index, input)| shared_len(input, number(index)));
        let (offsets, _) = layout(lens).unwrap_or_default();
        let mut items = Vec::with_capacity(inputs.len());
        for (index, (input, offset)) in inputs.iter().zip(offsets).enumerate() {
            let location = match (number(index), input.host()) {
                (Some(id), _) => TensorLocation::Resident(id),
                (None, bytes) => {
                    let bytes = bytes.map(|bytes| &**bytes).unwrap_or_default();
                    self.channel.inputs.write(offset, bytes).map_err(super::no_memory)?;
                    TensorLocation::Shared(offset)
                }
            };
            items.push(Item::new(input.dtype(), input.shape(), location));
        }
        let held = inputs.iter().enumerate().filter(|(index, _)| number(*index).is_some());
        let held = held.map(|(_, input)| input.clone()).collect();
        self.ask(SlotRequest::Run(items), notify, held)
    }

    /// Asks for something in the slot, which is free.
    pub(super) fn ask(&mut self, what: SlotRequest, notify: bool, held: Tensors) -> Result<()> {
        let link = &self.handle.link;
        let call = link.number();
        let text = serde_json::to_vec(&SlotAsk { call, what }).map_err(super::unsaid)?;
        let done = notify.then(|| link.expect_run(call, self.work, held)).transpose()?;
        let sequence = next(self.last.sequence);
        self.channel.control.ask(sequence, &text, notify).map_err(|error| {
            link.forget_run(call);
            super::unsaid(error)
        })?;
        self.last = Last { sequence, call, is_open: true, done };
        Ok(())
    }

    /// The answer to what was asked for in the slot.
    pub(super) async fn awaited(&mut self) -> Result<SlotReply> {
        self.over().await?;
        self.reply()
    }

    /// Waits until the process is not at the last run any more.
    async fn over(&mut self) -> Result<()> {
        if !self.last.is_open {
            return Ok(());
        }
        self.want_message()?;
        if let Some(done) = &mut self.last.done {
            if done.await.is_err() {
                return Err(self.handle.link.lost());
            }
            match self.channel.control.answered(self.last.sequence) {
                Ok(Answered::Yes) => self.end(),
                _ => return Err(self.violated("it told the end of a run that had not ended")),
            }
        }
        Ok(())
    }

    /// Sees to it that the end of the last run is told by a message, unless it has ended.
    fn want_message(&mut self) -> Result<()> {
        if !self.last.is_open || self.last.done.is_some() {
            return Ok(());
        }
        let link = &self.handle.link;
        let done = link.expect_run(self.last.call, self.work, Tensors::new())?;
        match self.channel.control.notify(self.last.sequence) {
            Ok(Answered::NotYet) => self.last.done = Some(done),
            Ok(Answered::Yes) => {
                link.forget_run(self.last.call);
                self.end();
            }
            Err(error) => return Err(self.violated(&error.to_string())),
        }
        Ok(())
    }

    fn end(&mut self) {
        self.last.is_open = false;
        self.last.done = None;
    }

    fn cancel(&mut self) {
        if !self.last.is_open {
            return;
        }
        self.channel.inputs_are_held = true;
        // A page that cannot be written is none of a process that lives.
        let _ = self.channel.control.cancel(self.last.sequence);
        if self.want_message().is_ok() && self.last.is_open {
            self.handle.link.cancel_run(self.last.call);
        }
    }

    fn reply(&mut self) -> Result<SlotReply> {
        let text = self.channel.control.reply();
        match text.and_then(|text| Ok(serde_json::from_slice::<SlotAnswer>(&text)?)) {
            Ok(SlotAnswer { outcome, holds_inputs }) => {
                self.channel.inputs_are_held |= holds_inputs;
                outcome.map_err(Error::from)
            }
            Err(error) => Err(self.violated(&format!("its answer is not understood: {error}"))),
        }
    }

    fn fits(&self, inputs: &Inputs) -> bool {
        let lens = inputs.iter().map(|input| shared_len(input, None));
        layout(lens).is_some_and(|(_, room)| self.channel.takes(room))
    }
}

/// Bytes that an input takes of shared memory.
pub(super) fn shared_len(input: &Tensor, number: Option<u64>) -> usize {
    if number.is_some() { 0 } else { input.byte_len() }
}
