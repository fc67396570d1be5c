use std::any::Any;
use std::ffi::c_int;
use std::sync::Arc;

use godwit_backend::{BoxFuture, Buffer, Charge, DeviceBuffer, DeviceId, Memory, Result};

use crate::hip::DeviceBlock;
use crate::pool::Pool;

/// An output that stays on its GPU until someone reads it, charged to the device budget of its context.
#[derive(Debug)]
pub(crate) struct RocmBuffer {
    block: Arc<DeviceBlock>,
    device: DeviceId,
    pool: Arc<Pool>,
    _charge: Charge,
}

impl RocmBuffer {
    pub(crate) fn new(
        block: DeviceBlock,
        device: DeviceId,
        pool: Arc<Pool>,
        charge: Charge,
    ) -> Self {
        Self { block: Arc::new(block), device, pool, _charge: charge }
    }

    /// The memory behind a buffer, if it is on this GPU.
    pub(crate) fn of(buffer: &Arc<dyn DeviceBuffer>, gpu: c_int) -> Option<Arc<DeviceBlock>> {
        let own = buffer.as_any().downcast_ref::<Self>()?;
        (own.block.gpu() == gpu).then(|| own.block.clone())
    }
}

impl DeviceBuffer for RocmBuffer {
    fn device(&self) -> &DeviceId {
        &self.device
    }

    fn byte_len(&self) -> usize {
        self.block.len()
    }

    fn read<'a>(&'a self, memory: &'a Memory) -> BoxFuture<'a, Result<Buffer>> {
        let block = self.block.clone();
        Box::pin(async move {
            let pinned = self.pool.runs.run(move |_| block.read()).await??;
            memory.adopt(pinned)
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
