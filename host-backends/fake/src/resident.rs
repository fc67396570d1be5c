use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use godwit_backend::{
    BoxFuture, Budget, Buffer, Charge, DeviceBuffer, DeviceId, Error, Memory, Result, Tensor,
};

use crate::Act;
use crate::device::DeviceState;
use crate::log::Entry;

/// Bytes in a fake device's memory.
#[derive(Debug)]
pub(crate) struct Resident {
    device: Arc<DeviceState>,
    model: Arc<str>,
    bytes: Buffer,
    _charge: Charge,
}

impl Resident {
    /// `tensor`, whose bytes lie in `device`'s memory, as a tensor that stays there and is charged to `quota`.
    pub(crate) fn tensor(
        device: &Arc<DeviceState>,
        model: &Arc<str>,
        tensor: &Tensor,
        quota: &Budget,
    ) -> Result<Tensor> {
        let bytes = tensor.host().cloned();
        let bytes = bytes.ok_or_else(|| Error::internal("an output that is resident already"))?;
        let charge = quota.charge(bytes.len() as u64)?;
        let (device, model) = (device.clone(), model.clone());
        let resident = Self { device, model, bytes, _charge: charge };
        Tensor::on_device(tensor.dtype(), tensor.shape().clone(), Arc::new(resident))
    }

    /// `buffer`, if it lies on `device`.
    pub(crate) fn of<'a>(
        buffer: &'a dyn DeviceBuffer,
        device: &Arc<DeviceState>,
    ) -> Option<&'a Self> {
        let resident = buffer.as_any().downcast_ref::<Self>()?;
        Arc::ptr_eq(&resident.device, device).then_some(resident)
    }

    pub(crate) fn bytes(&self) -> Buffer {
        self.bytes.clone()
    }
}

impl DeviceBuffer for Resident {
    fn device(&self) -> &DeviceId {
        &self.device.id
    }

    fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    fn read<'a>(&'a self, memory: &'a Memory) -> BoxFuture<'a, Result<Buffer>> {
        Box::pin(async move {
            let Self { device, model, bytes, .. } = self;
            let len = bytes.len() as u64;
            let entry = Entry::begin(&device.log, Act::Read, &device.id, model, 0);
            let outcome = device.check_lost().and_then(|()| memory.copy_from(bytes));
            if outcome.is_ok() {
                device.to_host.fetch_add(len, Ordering::AcqRel);
            }
            entry.end(&outcome, len);
            outcome
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
