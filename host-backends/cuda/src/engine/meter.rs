//! tract's device context with a meter, which counts transfers and clears memory.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tract_gpu::device::{DEVICE_CONTEXT, DeviceContext};
use tract_gpu::tensor::{DeviceTensor, DeviceTensorExt, OwnedDeviceTensor};
use tract_onnx::prelude::{DatumType, TValue, TractResult};
use tract_onnx::tract_core::internal::{ExoticFact, bail};

use crate::driver;

/// The traffic between host and GPU since the process started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Bytes of inputs, and of what tract sends during runs.
    pub to_device: u64,
    /// The part of them that the GPU read directly from the caller's tensors.
    pub in_place: u64,
    /// Bytes of outputs that were read.
    pub to_host: u64,
    /// Bytes of weights, sent when models are loaded.
    pub weights: u64,
    /// Allocations on the GPU.
    pub allocations: u64,
}

/// The counters behind [`Traffic`], and the budget that has used the memory.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    to_device: AtomicU64,
    in_place: AtomicU64,
    to_host: AtomicU64,
    weights: AtomicU64,
    allocations: AtomicU64,
    /// The budget whose runs have used the GPU's memory; [`MANY`] for several.
    owner: AtomicU64,
}

const MANY: u64 = u64::MAX;

impl Meter {
    pub(crate) fn traffic(&self) -> Traffic {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Traffic {
            to_device: read(&self.to_device),
            in_place: read(&self.in_place),
            to_host: read(&self.to_host),
            weights: read(&self.weights),
            allocations: read(&self.allocations),
        }
    }

    pub(crate) fn sent(&self, bytes: usize) {
        let counter = if LOADING.get() { &self.weights } else { &self.to_device };
        counter.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn sent_in_place(&self, bytes: usize) {
        self.in_place.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn fetched(&self, bytes: usize) {
        self.to_host.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Records that runs of this budget use the memory. No budget has id 0.
    pub(crate) fn used_by(&self, budget: u64) {
        let seen = self.owner.compare_exchange(0, budget, Ordering::AcqRel, Ordering::Acquire);
        if seen.is_err_and(|owner| owner != budget) {
            self.owner.store(MANY, Ordering::Release);
        }
    }

    /// Whether pooled memory may hold data of another tenant.
    fn is_shared(&self) -> bool {
        self.owner.load(Ordering::Acquire) == MANY
    }
}

thread_local! {
    static LOADING: Cell<bool> = const { Cell::new(false) };
    static SCRATCH: Cell<bool> = const { Cell::new(false) };
}

/// Does `work`, whose copies to the GPU count as weights.
pub(crate) fn loading<T>(work: impl FnOnce() -> T) -> T {
    marked(&LOADING, work)
}

/// Does `work`, whose allocations no guest can read.
pub(crate) fn scratch<T>(work: impl FnOnce() -> T) -> T {
    marked(&SCRATCH, work)
}

fn marked<T>(mark: &'static std::thread::LocalKey<Cell<bool>>, work: impl FnOnce() -> T) -> T {
    struct Restore(&'static std::thread::LocalKey<Cell<bool>>, bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            self.0.set(self.1);
        }
    }
    let _restore = Restore(mark, mark.replace(true));
    work()
}

/// Installs a meter on tract's device context of this process.
pub(crate) fn install(meter: &Arc<Meter>) -> TractResult<()> {
    let Ok(mut context) = DEVICE_CONTEXT.lock() else { bail!("the device context is poisoned") };
    let Some(inner) = context.take() else { bail!("tract has no device context") };
    *context = Some(Box::new(Metered { inner: Arc::from(inner), meter: meter.clone() }));
    Ok(())
}

#[derive(Clone)]
struct Metered {
    inner: Arc<dyn DeviceContext>,
    meter: Arc<Meter>,
}

impl DeviceContext for Metered {
    fn tensor_to_device(&self, tensor: TValue) -> TractResult<Box<dyn OwnedDeviceTensor>> {
        // An input that was sent before the run: tract would look for its bytes on the host.
        if let Some(DeviceTensor::Owned(there)) = tensor.as_device_tensor() {
            return Ok(there.clone());
        }
        let bytes = tensor.len().saturating_mul(tensor.datum_type().size_of());
        self.meter.sent(bytes);
        self.meter.allocations.fetch_add(1, Ordering::Relaxed);
        self.inner.tensor_to_device(tensor)
    }

    fn uninitialized_device_tensor(
        &self,
        shape: &[usize],
        dtype: DatumType,
    ) -> TractResult<Box<dyn OwnedDeviceTensor>> {
        self.meter.allocations.fetch_add(1, Ordering::Relaxed);
        let tensor = self.inner.uninitialized_device_tensor(shape, dtype)?;
        if self.meter.is_shared() && !SCRATCH.get() {
            driver::clear(&*tensor)?;
        }
        Ok(tensor)
    }

    fn uninitialized_device_exotic_tensor(
        &self,
        fact: Box<dyn ExoticFact>,
    ) -> TractResult<Box<dyn OwnedDeviceTensor>> {
        self.meter.allocations.fetch_add(1, Ordering::Relaxed);
        self.inner.uninitialized_device_exotic_tensor(fact)
    }

    fn synchronize(&self) -> TractResult<()> {
        self.inner.synchronize()
    }

    fn copy_nd(
        &self,
        input: &DeviceTensor,
        input_offset: usize,
        input_strides: &[isize],
        output: &DeviceTensor,
        output_offset: usize,
        output_shape: &[usize],
        output_strides: &[isize],
    ) -> TractResult<()> {
        self.inner.copy_nd(
            input,
            input_offset,
            input_strides,
            output,
            output_offset,
            output_shape,
            output_strides,
        )
    }
}

impl fmt::Debug for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metered").field("meter", &self.meter).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_cleared_from_the_second_tenant_on() {
        let meter = Meter::default();
        meter.used_by(7);
        meter.used_by(7);
        assert!(!meter.is_shared());
        meter.used_by(8);
        assert!(meter.is_shared());
        meter.used_by(7);
        assert!(meter.is_shared(), "the first tenant could find what the second left");
    }

    #[test]
    fn weights_are_counted_apart() {
        let meter = Meter::default();
        meter.sent(3);
        loading(|| meter.sent(5));
        meter.sent(4);
        let traffic = meter.traffic();
        assert_eq!((traffic.to_device, traffic.weights), (7, 5));
    }
}
