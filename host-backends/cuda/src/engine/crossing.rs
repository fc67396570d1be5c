//! Copies inputs to the GPU, and keeps outputs there.

#![allow(unsafe_code, reason = "a copy to the GPU continues after the call that starts it")]

use std::sync::Arc;

use godwit_backend::{
    Buffer, DType, DeviceId, Error, HostMemory, Quota, Result, Shape, Tensor, TensorData,
};
use godwit_tract::tensors;
use tract_gpu::device::get_context;
use tract_gpu::tensor::{DeviceTensor, DeviceTensorExt, LazyHostStorage, OwnedDeviceTensor};
use tract_onnx::prelude::{DatumType, TValue, TractResult};
use tract_onnx::tract_core::internal::IntoTValue;

use super::gpu::Gpu;
use super::pinned::Locked;
use super::resident::Resident;
use super::stream::Stream;
use crate::driver;
use crate::fault::explain;

/// Inputs of up to this size that are not in page-locked memory are copied into such memory first, so that the
/// transfer overlaps the start of the run. For larger ones the driver does that, piece by piece.
const STAGED: usize = 1 << 20;

/// Memory that must be kept until the stream is synchronized.
#[derive(Debug, Default)]
pub(crate) struct Staged(Vec<Locked>);

/// The inputs of a run as tract values.
///
/// The caller keeps `inputs` and `staged` until it has synchronized this thread's stream.
pub(crate) fn inputs(
    gpu: &Gpu,
    inputs: &[Tensor],
    sent: &[bool],
    budget: u64,
    staged: &mut Staged,
) -> Result<Vec<TValue>> {
    let wanted = sent.iter().copied().chain(std::iter::repeat(false));
    let inputs = inputs.iter().zip(wanted);
    inputs.map(|(input, sent)| bind(gpu, input, sent, budget, staged)).collect()
}

fn bind(gpu: &Gpu, input: &Tensor, sent: bool, budget: u64, staged: &mut Staged) -> Result<TValue> {
    let host = match input.data() {
        TensorData::Host(bytes) => bytes.clone(),
        TensorData::Device(buffer) => {
            let resident = buffer.as_any().downcast_ref::<Resident>();
            let resident =
                resident.ok_or_else(|| Error::internal("an input is still on another device"))?;
            if sent {
                return Ok(DeviceTensor::Owned(resident.tensor()?).into_tensor().into_tvalue());
            }
            Buffer::from_owner(resident.fetch(budget)?)
        }
    };
    let empty = host.is_empty();
    match datum(input.dtype()).filter(|_| sent && !empty) {
        None => {
            let host = Tensor::new(input.dtype(), input.shape().clone(), host)?;
            tensors::input(&host)
        }
        Some(datum) => {
            let refused = |error| {
                explain(format!("{error:#}"), Error::failed("cannot copy an input to the GPU"))
            };
            let tensor = get_context()
                .and_then(|context| context.uninitialized_device_tensor(input.shape(), datum))
                .map_err(refused)?;
            let in_place = gpu.in_place.lock(&host);
            if !in_place && host.len() <= STAGED {
                let mut locked = gpu.pinned.take(host.len(), budget)?;
                locked.bytes_mut().copy_from_slice(&host);
                // SAFETY: `staged` keeps the copy until the stream is synchronized.
                unsafe { driver::send(locked.bytes(), &*tensor) }.map_err(refused)?;
                staged.0.push(locked);
            } else {
                // SAFETY: the caller keeps the inputs until the stream is synchronized.
                unsafe { driver::send(&host, &*tensor) }.map_err(refused)?;
            }
            if in_place {
                gpu.meter.sent_in_place(host.len());
            }
            gpu.meter.sent(host.len());
            Ok(DeviceTensor::Owned(tensor).into_tensor().into_tvalue())
        }
    }
}

/// An output, left where it is.
pub(crate) fn output(
    gpu: &Arc<Gpu>,
    stream: &Arc<Stream>,
    device: &DeviceId,
    value: TValue,
    quota: &Quota,
) -> Result<Tensor> {
    let Some(tensor) = on_device(&value) else { return tensors::output(value, &quota.host) };
    let dtype = godwit_tract::dtype(tensor.datum_type())
        .ok_or_else(|| Error::unsupported("an output has an unsupported element type"))?;
    let shape = Shape::from(tensor.shape());
    let resident = Resident::new(gpu, stream, device, tensor, &quota.device)?;
    Tensor::on_device(dtype, shape, Arc::new(resident))
}

/// The GPU tensor behind an output that has not been read.
fn on_device(value: &TValue) -> Option<Box<dyn OwnedDeviceTensor>> {
    let lazy = value.storage_as::<LazyHostStorage>().and_then(LazyHostStorage::device);
    match lazy.or_else(|| value.as_device_tensor())? {
        DeviceTensor::Owned(tensor) => Some(tensor.clone()),
        DeviceTensor::View(_) => None,
    }
}

/// Whether a value is on the GPU, for which tract has synchronized the stream.
pub(crate) fn is_on_device(value: &TValue) -> bool {
    value.storage_as::<LazyHostStorage>().is_some()
}

fn datum(dtype: DType) -> Option<DatumType> {
    Some(match dtype {
        DType::F16 => DatumType::F16,
        DType::F32 => DatumType::F32,
        DType::U8 => DatumType::U8,
        DType::U16 => DatumType::U16,
        DType::U32 => DatumType::U32,
        DType::U64 => DatumType::U64,
        DType::I8 => DatumType::I8,
        DType::I16 => DatumType::I16,
        DType::I32 => DatumType::I32,
        DType::I64 => DatumType::I64,
        // tract's own conversion checks that a boolean is 0 or 1, which kernels rely on.
        DType::Bool | DType::F64 | DType::Bf16 => return None,
    })
}

/// Synchronizes this thread's stream.
pub(crate) fn wait() -> TractResult<()> {
    get_context()?.synchronize()
}
