//! The memory of one context: its control page, its inputs and its outputs, all made by the host.

use std::io;
use std::os::fd::OwnedFd;

use godwit_backend::{Dim, Error, Result, Shape, Signature, TensorInfo};

use super::no_memory;
use crate::shared::{ControlPage, SharedMemory};
use crate::wire::{Area, layout};

/// Bytes of a request or an answer, at least, and more for each tensor.
const TEXT: usize = 16 << 10;
const TEXT_PER_TENSOR: usize = 256;

/// An area is made of whole multiples of this.
const STEP: usize = 64 << 10;

/// What an area takes before anybody knows what a tensor takes, or where a model says too much.
const LARGEST_AT_FIRST: usize = 16 << 20;

#[derive(Debug)]
pub(super) struct Channel {
    pub(super) control: ControlPage,
    pub(super) inputs: SharedMemory,
    pub(super) outputs: SharedMemory,
    /// The process uses what lies in the memory for inputs, or may have other memory: the next run needs new.
    pub(super) inputs_are_held: bool,
    /// The process may have other memory for outputs.
    pub(super) outputs_are_unsure: bool,
}

impl Channel {
    /// Memory for a context of this signature, and the files by which the process sees it.
    pub(super) fn new(signature: &Signature) -> Result<(Self, Vec<OwnedFd>)> {
        let tensors = signature.inputs.len() + signature.outputs.len();
        let text = TEXT + TEXT_PER_TENSOR.saturating_mul(tensors);
        let made = || {
            let (control, first) = SharedMemory::create(ControlPage::len_for(text))?;
            let (inputs, second) = SharedMemory::create(room(&signature.inputs))?;
            let (outputs, third) = SharedMemory::create(room(&signature.outputs))?;
            let control = ControlPage::new(control)?;
            let channel = Self {
                control,
                inputs,
                outputs,
                inputs_are_held: false,
                outputs_are_unsure: false,
            };
            io::Result::Ok((channel, vec![first, second, third]))
        };
        made().map_err(no_memory)
    }

    /// Whether inputs of so many bytes can be written now.
    pub(super) fn takes(&self, room: usize) -> bool {
        room <= self.inputs.len() && !self.inputs_are_held && !self.outputs_are_unsure
    }

    /// New memory of `len` bytes at least, which is to [take the place](Self::replace) of an area's once the process
    /// has it too.
    pub(super) fn fresh(&mut self, area: Area, len: usize) -> Result<(SharedMemory, OwnedFd)> {
        let len = len.checked_next_multiple_of(STEP).filter(|&len| isize::try_from(len).is_ok());
        let len =
            len.ok_or_else(|| Error::too_large("the tensors of a run are too large together"))?;
        match area {
            Area::Inputs => self.inputs_are_held = true,
            Area::Outputs => self.outputs_are_unsure = true,
        }
        SharedMemory::create(len).map_err(no_memory)
    }

    pub(super) fn replace(&mut self, area: Area, memory: SharedMemory) {
        match area {
            Area::Inputs => {
                self.inputs = memory;
                self.inputs_are_held = false;
            }
            Area::Outputs => {
                self.outputs = memory;
                self.outputs_are_unsure = false;
            }
        }
    }
}

/// Bytes for tensors as a signature describes them.
fn room(tensors: &[TensorInfo]) -> usize {
    let len = |info: &TensorInfo| {
        let dims = info.dims.iter().flatten();
        let known = dims.map(|dim| match dim {
            Dim::Known(size) => *size,
            Dim::Symbol(_) | Dim::Unknown => 1,
        });
        Shape::new(known).byte_len(info.dtype).unwrap_or(usize::MAX)
    };
    let room = layout(tensors.iter().map(len)).map_or(usize::MAX, |(_, room)| room);
    room.clamp(1, LARGEST_AT_FIRST).next_multiple_of(STEP)
}
