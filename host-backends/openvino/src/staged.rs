use godwit_backend::{Buffer, BufferMut, Memory, Result, Tensor};

use crate::by_port::ByPort;
use crate::copied::Copied;

/// Tensors of up to this many bytes are copied once more instead of being bound: a new binding costs the
/// library some five microseconds, and a copy that is larger than this pushes the model's own data out of
/// the nearest cache.
const SMALL: usize = 32 << 10;

/// Memory that stays bound to the ports of a request, for tensors that are small. Like the library's own, it
/// is the context's, and no tensor that the caller is charged for.
#[derive(Debug)]
pub(crate) struct Staged {
    buffers: ByPort<BufferMut>,
    memory: Memory,
    copied: Copied,
}

impl Staged {
    pub(crate) fn new(copied: Copied) -> Self {
        Self { buffers: ByPort::default(), memory: Memory::unlimited(), copied }
    }

    /// A copy of an input at the address that is bound to `port`, or `None` for one that is to be bound
    /// itself.
    pub(crate) fn input(&mut self, port: usize, input: &Tensor) -> Result<Option<BufferMut>> {
        let Some(bytes) = input.host().filter(|bytes| is_small(bytes.len())) else {
            return Ok(None);
        };
        let mut copy = self.small(port, bytes.len())?;
        copy.copy_from_slice(bytes);
        self.copied.inputs.increment(bytes.len() as u64);
        Ok(Some(copy))
    }

    /// Memory for an output of so many bytes: the caller's, or what is bound to `port` if it is small.
    pub(crate) fn output(
        &mut self,
        port: usize,
        bytes: usize,
        memory: &Memory,
    ) -> Result<BufferMut> {
        if is_small(bytes) { self.small(port, bytes) } else { memory.writable(bytes) }
    }

    fn small(&mut self, port: usize, bytes: usize) -> Result<BufferMut> {
        let staged = self.buffers.take(port).filter(|buffer| buffer.len() == bytes);
        staged.map_or_else(|| self.memory.writable(bytes), Ok)
    }

    /// Keeps what inputs were copied to for the next run.
    pub(crate) fn keep(&mut self, inputs: impl IntoIterator<Item = (usize, BufferMut)>) {
        inputs.into_iter().for_each(|(port, buffer)| self.buffers.set(port, buffer));
    }

    /// What a run has written to memory from [`Staged::output`], as a buffer to give away.
    pub(crate) fn take(
        &mut self,
        port: usize,
        written: BufferMut,
        memory: &Memory,
    ) -> Result<Buffer> {
        if !is_small(written.len()) {
            return Ok(written.freeze());
        }
        let copy = memory.copy_from(&written)?;
        self.copied.outputs.increment(written.len() as u64);
        self.buffers.set(port, written);
        Ok(copy)
    }
}

/// Nothing is not worth a copy.
fn is_small(bytes: usize) -> bool {
    (1..=SMALL).contains(&bytes)
}
