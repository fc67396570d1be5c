use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use async_lock::SemaphoreGuardArc;
use futures_timer::Delay;
use godwit_backend::{Cancellation, Error, Inputs, Quota, Result, Tensor, TensorData, Tensors};

use crate::Act;
use crate::device::Running;
use crate::graph::Loaded;
use crate::log::Entry;
use crate::op::evaluate;
use crate::resident::Resident;

/// Longer than any test; timers cannot take `Duration::MAX`.
const FOREVER: Duration = Duration::from_secs(24 * 60 * 60);

/// One run under way, with everything it holds. Dropping it unfinished is a cancelled run.
#[derive(Debug)]
pub(crate) struct InFlight {
    graph: Arc<Loaded>,
    nth: u64,
    inputs: Tensors,
    slot: Option<SemaphoreGuardArc>,
    running: Option<Running>,
    entry: Option<Entry>,
    /// When the device will be done, once it has begun.
    until: Option<Instant>,
}

impl InFlight {
    pub(crate) fn begin(graph: &Arc<Loaded>, inputs: Inputs) -> Self {
        let device = &graph.device;
        let bytes = byte_len(&inputs);
        Self {
            nth: device.count(Act::Run),
            inputs: inputs.into_tensors(),
            slot: None,
            running: Some(Running::on(device)),
            entry: Some(Entry::begin(&device.log, Act::Run, &device.id, &graph.model, bytes)),
            until: None,
            graph: graph.clone(),
        }
    }

    /// What can be refused before anything is done.
    pub(crate) fn check(&self) -> Result<()> {
        self.graph.device.check_generation(self.graph.generation)
    }

    /// Whether nothing has to be waited for; takes a slot if so.
    pub(crate) fn is_immediate(&mut self) -> bool {
        if !self.graph.latency.is_zero() || self.inputs.iter().any(|input| self.is_foreign(input)) {
            return false;
        }
        let Some(slots) = &self.graph.device.slots else { return true };
        self.slot = slots.try_acquire_arc();
        self.slot.is_some()
    }

    /// Waits for a slot, for inputs that lie elsewhere, and for the latency; then computes.
    pub(crate) async fn finish(&mut self, quota: &Quota) -> Result<Tensors> {
        if let Some(slots) = &self.graph.device.slots {
            self.slot = Some(slots.acquire_arc().await);
        }
        let mut near = Tensors::new();
        for input in &self.inputs {
            near.push(match self.is_foreign(input) {
                true => {
                    let bytes = input.to_host(&quota.host).await?;
                    Tensor::new(input.dtype(), input.shape().clone(), bytes)?
                }
                false => input.clone(),
            });
        }
        self.inputs = near;
        let latency = self.graph.latency.min(FOREVER);
        if !latency.is_zero() {
            self.until = Some(Instant::now() + latency);
            Delay::new(latency).await;
        }
        self.compute(quota)
    }

    /// The answer, or what was planned in its place.
    pub(crate) fn compute(&mut self, quota: &Quota) -> Result<Tensors> {
        let Loaded { device, info, op, generation, .. } = &*self.graph;
        device.fault(Act::Run, self.nth)?;
        device.check_generation(*generation)?;
        let near = if device.plan.resident { &device.memory } else { &quota.host };
        let mut staged = Tensors::new();
        for input in &self.inputs {
            staged.push(self.stage(input)?);
        }
        let at_home =
            |error| if device.plan.resident { device.out_of_memory(error) } else { error };
        let mut outputs = evaluate(op, &info.signature, &staged, near, &device.plan.arithmetic)
            .map_err(at_home)?;
        for (nth, wrong) in &device.plan.wrong {
            if nth.is_none_or(|nth| nth == self.nth) {
                wrong.apply(&mut outputs, near).map_err(at_home)?;
            }
        }
        if device.plan.resident {
            for output in &mut outputs {
                *output = Resident::tensor(device, &self.graph.model, output, &quota.device)?;
            }
        }
        Ok(outputs)
    }

    /// Ends the run with `outcome` and logs it.
    pub(crate) fn end(mut self, outcome: Result<Tensors>) -> Result<Tensors> {
        if let Some(entry) = self.entry.take() {
            entry.end(&outcome, outcome.as_ref().map_or(0, |outputs| byte_len(outputs)));
        }
        outcome
    }

    fn is_foreign(&self, input: &Tensor) -> bool {
        match input.data() {
            TensorData::Host(_) => false,
            TensorData::Device(buffer) => Resident::of(&**buffer, &self.graph.device).is_none(),
        }
    }

    /// `input` as bytes that the operation can read: its own, or a copy in the device's memory.
    fn stage(&self, input: &Tensor) -> Result<Tensor> {
        let device = &self.graph.device;
        let bytes = match input.data() {
            TensorData::Host(bytes) if device.plan.resident => {
                device.to_device.fetch_add(bytes.len() as u64, Ordering::AcqRel);
                device.memory.copy_from(bytes).map_err(|error| device.out_of_memory(error))?
            }
            TensorData::Host(_) => return Ok(input.clone()),
            TensorData::Device(buffer) => Resident::of(&**buffer, device)
                .map(Resident::bytes)
                .ok_or_else(|| Error::internal("an input that was not brought to the device"))?,
        };
        Tensor::new(input.dtype(), input.shape().clone(), bytes)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let cancelled = self.entry.take().is_some();
        let notices = self.graph.device.plan.cancellation == Cancellation::AnyTime;
        let Some(until) = self.until.filter(|_| cancelled && !notices) else { return };
        let held = (std::mem::take(&mut self.inputs), self.slot.take(), self.running.take());
        thread::spawn(move || {
            thread::sleep(until.saturating_duration_since(Instant::now()));
            drop(held);
        });
    }
}

fn byte_len(tensors: &[Tensor]) -> u64 {
    tensors.iter().map(|tensor| tensor.byte_len() as u64).sum()
}
