use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{BoxFuture, Buffer, Charge, DeviceBuffer, DeviceId, Memory, Result};

use super::call::{Got, Handle};
use super::link::Link;
use super::no_memory;
use crate::shared::SharedMemory;
use crate::wire::Request;

/// An output that stays on the process's device until someone reads it.
#[derive(Debug)]
pub(super) struct WorkerBuffer {
    handle: Handle,
    device: DeviceId,
    len: usize,
    _charge: Charge,
    /// What reading it may take.
    within: Duration,
}

impl WorkerBuffer {
    pub(super) fn new(
        handle: Handle,
        device: DeviceId,
        len: usize,
        charge: Charge,
        within: Duration,
    ) -> Self {
        Self { handle, device, len, _charge: charge, within }
    }

    /// Its number, if it is of this process.
    pub(super) fn id_on(&self, link: &Arc<Link>) -> Option<u64> {
        Arc::ptr_eq(&self.handle.link, link).then(|| self.handle.id())
    }
}

impl DeviceBuffer for WorkerBuffer {
    fn device(&self) -> &DeviceId {
        &self.device
    }

    fn byte_len(&self) -> usize {
        self.len
    }

    fn read<'a>(&'a self, memory: &'a Memory) -> BoxFuture<'a, Result<Buffer>> {
        Box::pin(async move {
            let (shared, file) = SharedMemory::create(self.len).map_err(no_memory)?;
            let what = Request::Read { buffer: self.handle.id(), host: memory.budget().into() };
            let call = self.handle.link.ask(what, vec![file], None, self.within)?;
            call.answer(|got| matches!(got, Got::Done).then_some(())).await?;
            copied(&shared, 0, self.len, memory)
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What the process has written, in memory of the tenant: once it is there, the process cannot change it.
pub(super) fn copied(
    shared: &SharedMemory,
    offset: usize,
    len: usize,
    memory: &Memory,
) -> Result<Buffer> {
    let mut bytes = memory.writable(len)?;
    shared.read(offset, &mut bytes).map_err(no_memory)?;
    Ok(bytes.freeze())
}
