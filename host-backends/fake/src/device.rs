use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_lock::Semaphore;
use godwit_backend::{
    Arena, Budget, Capabilities, Charge, Device, DeviceId, DeviceMemory, Error, ErrorKind, Memory,
    Result,
};

use crate::log::Log;
use crate::{Act, FakeDevice};

/// What has happened to one device so far.
#[derive(Debug)]
pub(crate) struct DeviceState {
    pub(crate) id: DeviceId,
    pub(crate) plan: FakeDevice,
    pub(crate) log: Arc<Log>,
    /// The device's own memory: footprints are charged to it, resident tensors lie in it.
    pub(crate) memory: Memory,
    /// The devices that this one is a group of.
    pub(crate) members: Vec<Arc<DeviceState>>,
    pub(crate) slots: Option<Arc<Semaphore>>,
    pub(crate) to_device: AtomicU64,
    pub(crate) to_host: AtomicU64,
    runs: AtomicU64,
    loads: AtomicU64,
    running: AtomicU64,
    peak_running: AtomicU64,
    lost: AtomicBool,
    generation: AtomicU64,
}

impl DeviceState {
    pub(crate) fn new(id: &str, plan: FakeDevice, log: Arc<Log>) -> Self {
        let budget = Budget::new("device memory", plan.memory.unwrap_or(u64::MAX));
        Self {
            id: DeviceId::new(id),
            log,
            memory: Memory::new(Arena::default(), budget),
            members: Vec::new(),
            slots: plan.slots.map(|count| Arc::new(Semaphore::new(count))),
            plan,
            to_device: AtomicU64::new(0),
            to_host: AtomicU64::new(0),
            runs: AtomicU64::new(0),
            loads: AtomicU64::new(0),
            running: AtomicU64::new(0),
            peak_running: AtomicU64::new(0),
            lost: AtomicBool::new(false),
            generation: AtomicU64::new(0),
        }
    }

    pub(crate) fn describe(&self) -> Device {
        let plan = &self.plan;
        let used = self.memory.budget().used();
        let memory = plan.memory.map(|total| DeviceMemory { total, free: total - used });
        Device {
            id: self.id.clone(),
            kind: plan.kind,
            name: "a scripted device".into(),
            driver: concat!("godwit-fake ", env!("CARGO_PKG_VERSION")).into(),
            memory,
            capabilities: Capabilities {
                encodings: plan.encodings.clone(),
                dtypes: plan.dtypes.clone(),
                precision: plan.precision,
                cancellation: plan.cancellation,
            },
            labels: plan.labels.clone(),
        }
    }

    /// The number of the call that begins now, from 1.
    pub(crate) fn count(&self, act: Act) -> u64 {
        let counter = if act == Act::Load { &self.loads } else { &self.runs };
        counter.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// The planned end of call number `nth`, if it is to fail.
    pub(crate) fn fault(&self, act: Act, nth: u64) -> Result<()> {
        let planned = |fault: &&crate::builder::Fault| {
            fault.act == act && (fault.first..=fault.last).contains(&nth)
        };
        let Some(fault) = self.plan.faults.iter().find(planned) else { return Ok(()) };
        if fault.kind == ErrorKind::DeviceLost {
            self.lost.store(true, Ordering::Release);
            return self.check_lost();
        }
        let what = if act == Act::Load { "load" } else { "run" };
        Err(Error::new(fault.kind, format!("{what} {nth} of {} fails as planned", self.id)))
    }

    pub(crate) fn check_lost(&self) -> Result<()> {
        if self.lost.load(Ordering::Acquire) {
            return Err(Error::device_lost(format!("{} is lost", self.id)));
        }
        Ok(())
    }

    /// That a graph of `generation` still stands: replacing the device ends what it held.
    pub(crate) fn check_generation(&self, generation: u64) -> Result<()> {
        self.check_lost()?;
        if self.generation() == generation {
            return Ok(());
        }
        Err(Error::device_lost(format!("{} was replaced: load the model again", self.id)))
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Takes memory for a graph: its own, or that of each member of a group in equal parts.
    pub(crate) fn hold(self: &Arc<Self>, bytes: u64) -> Result<Vec<(DeviceId, Charge)>> {
        let own = [self.clone()];
        let devices = if self.members.is_empty() { &own[..] } else { &self.members };
        let part = bytes.div_ceil(devices.len() as u64);
        let hold = |device: &Arc<Self>| {
            let charge = device.memory.budget().charge(part);
            Ok((device.id.clone(), charge.map_err(|error| device.out_of_memory(error))?))
        };
        devices.iter().map(hold).collect()
    }

    /// `error` as the device itself would say it: its budget is its memory.
    pub(crate) fn out_of_memory(&self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::TooLarge => {
                Error::out_of_memory(format!("{} is out of memory", self.id)).with_source(error)
            }
            _ => error,
        }
    }
}

/// Counts a run among those under way for as long as it lives.
#[derive(Debug)]
pub(crate) struct Running(Arc<DeviceState>);

impl Running {
    pub(crate) fn on(device: &Arc<DeviceState>) -> Self {
        let now = device.running.fetch_add(1, Ordering::AcqRel) + 1;
        device.peak_running.fetch_max(now, Ordering::AcqRel);
        Self(device.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Bytes that crossed between host and device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Transfers {
    /// Inputs that had to be copied over.
    pub to_device: u64,
    /// Outputs that someone read.
    pub to_host: u64,
}

/// One device as the test that planned it sees it.
#[derive(Debug, Clone)]
pub struct DeviceControl(pub(crate) Arc<DeviceState>);

impl DeviceControl {
    /// Loses the device: every call answers `DeviceLost` from now on, runs under way included.
    pub fn lose(&self) {
        self.0.lost.store(true, Ordering::Release);
    }

    /// Ends the loss; graphs loaded before work again.
    pub fn revive(&self) {
        self.0.lost.store(false, Ordering::Release);
    }

    /// Ends the loss with a new device in the old one's place: graphs loaded before stay lost.
    pub fn replace(&self) {
        self.0.generation.fetch_add(1, Ordering::AcqRel);
        self.revive();
    }

    /// Bytes of device memory in use: footprints and resident tensors.
    pub fn used(&self) -> u64 {
        self.0.memory.budget().used()
    }

    /// Bytes that crossed between host and a [resident](FakeDevice::resident) device.
    pub fn transfers(&self) -> Transfers {
        let load = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        Transfers { to_device: load(&self.0.to_device), to_host: load(&self.0.to_host) }
    }

    /// Runs begun so far.
    pub fn runs(&self) -> u64 {
        self.0.runs.load(Ordering::Acquire)
    }

    /// Runs under way now, dropped ones included that the device has not noticed.
    pub fn running(&self) -> u64 {
        self.0.running.load(Ordering::Acquire)
    }

    /// The most runs that were under way at one time.
    pub fn peak_running(&self) -> u64 {
        self.0.peak_running.load(Ordering::Acquire)
    }
}
