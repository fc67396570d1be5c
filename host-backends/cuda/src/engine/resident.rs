use std::any::Any;
use std::fmt;
use std::sync::Arc;

use godwit_backend::{
    BoxFuture, Budget, Buffer, Charge, DeviceBuffer, DeviceId, Error, Memory, Result,
};
use tract_gpu::tensor::OwnedDeviceTensor;

use super::gpu::Gpu;
use super::pinned::Locked;
use super::stream::Stream;
use crate::driver;
use crate::fault::explain;

/// An output that stays on the GPU until it is read, charged to the device budget of its context.
pub(crate) struct Resident {
    gpu: Arc<Gpu>,
    stream: Arc<Stream>,
    device: DeviceId,
    tensor: Option<Box<dyn OwnedDeviceTensor>>,
    bytes: usize,
    _charge: Charge,
}

impl Resident {
    pub(crate) fn new(
        gpu: &Arc<Gpu>,
        stream: &Arc<Stream>,
        device: &DeviceId,
        tensor: Box<dyn OwnedDeviceTensor>,
        quota: &Budget,
    ) -> Result<Self> {
        let bytes = tensor.len().saturating_mul(tensor.datum_type().size_of());
        let charge = quota.charge(bytes as u64)?;
        Ok(Self {
            gpu: gpu.clone(),
            stream: stream.clone(),
            device: device.clone(),
            tensor: Some(tensor),
            bytes,
            _charge: charge,
        })
    }

    /// Another handle of the tensor.
    pub(crate) fn tensor(&self) -> Result<Box<dyn OwnedDeviceTensor>> {
        self.tensor.clone().ok_or_else(|| Error::internal("a dropped tensor is in use"))
    }

    /// Its bytes on the host, copied by this thread, which is that of a stream.
    pub(crate) fn fetch(&self, budget: u64) -> Result<Locked> {
        fetch(&self.gpu, &*self.tensor()?, self.bytes, budget)
    }
}

fn fetch(gpu: &Gpu, tensor: &dyn OwnedDeviceTensor, bytes: usize, budget: u64) -> Result<Locked> {
    let mut locked = gpu.pinned.take(bytes, budget)?;
    driver::fetch(tensor, locked.bytes_mut()).map_err(|error| {
        let otherwise = Error::failed("cannot copy an output from the GPU");
        gpu.note(explain(format!("{error:#}"), otherwise))
    })?;
    gpu.meter.fetched(bytes);
    Ok(locked)
}

impl DeviceBuffer for Resident {
    fn device(&self) -> &DeviceId {
        &self.device
    }

    fn byte_len(&self) -> usize {
        self.bytes
    }

    fn read<'a>(&'a self, memory: &'a Memory) -> BoxFuture<'a, Result<Buffer>> {
        Box::pin(async move {
            self.gpu.alive()?;
            let (gpu, tensor, bytes) = (self.gpu.clone(), self.tensor()?, self.bytes);
            let budget = memory.budget().id();
            let read = self.stream.run(move |_| {
                let read = fetch(&gpu, &*tensor, bytes, budget);
                drop(tensor);
                read
            });
            memory.adopt(read.await??)
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        // The memory is freed in the order of the stream that allocated it, on any thread.
        self.gpu.bind();
        self.tensor = None;
    }
}

impl fmt::Debug for Resident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resident({} bytes on {})", self.bytes, self.device)
    }
}
