use std::any::Any;
use std::sync::Arc;

use godwit_backend::{BoxFuture, Buffer, Charge, DeviceBuffer, DeviceId, Error, Memory, Result};

use super::call::{Got, Handle};
use super::link::Link;
use crate::peer::Loaned;
use crate::wire::Request;

/// An output that stays on the process's device until someone reads it.
#[derive(Debug)]
pub(super) struct WorkerBuffer {
    handle: Handle,
    device: DeviceId,
    len: usize,
    _charge: Charge,
}

impl WorkerBuffer {
    pub(super) fn new(handle: Handle, device: DeviceId, len: usize, charge: Charge) -> Self {
        Self { handle, device, len, _charge: charge }
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
            let what = Request::Read { buffer: self.handle.id(), host: memory.budget().into() };
            match self.handle.link.ask(what, None, None)?.await? {
                Got::Bytes(loaned) if loaned.len() == self.len => copied(&loaned, memory),
                Got::Bytes(_) => Err(Error::internal("a tensor came back with another length")),
                other => Err(other.confused()),
            }
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What the process has lent, in memory of the tenant: once it is here, the process cannot change it.
pub(super) fn copied(loaned: &Loaned, memory: &Memory) -> Result<Buffer> {
    let mut bytes = memory.writable(loaned.len())?;
    loaned.copy_to(&mut bytes);
    Ok(bytes.freeze())
}
