use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{Cancellation, DType, DeviceKind, Encoding, ErrorKind};

use crate::arithmetic::Arithmetic;
use crate::device::DeviceState;
use crate::log::Log;
use crate::{Act, FakeBackend, WrongAnswer};

/// Plans a [`FakeBackend`].
#[derive(Debug)]
pub struct Builder {
    family: String,
    devices: Vec<FakeDevice>,
    groups: Vec<Vec<usize>>,
    absent: Option<String>,
    log_capacity: usize,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            family: "fake".into(),
            devices: Vec::new(),
            groups: Vec::new(),
            absent: None,
            log_capacity: 4096,
        }
    }
}

impl Builder {
    /// The family's name, `fake` unless set: several fakes can stand in for several families.
    #[must_use]
    pub fn family(mut self, name: impl Into<String>) -> Self {
        self.family = name.into();
        self
    }

    /// Adds a device; the first is `fake:0`. Without any there is one CPU that has every ability.
    #[must_use]
    pub fn device(mut self, device: FakeDevice) -> Self {
        self.devices.push(device);
        self
    }

    /// Adds a group of the devices with these numbers, which behaves as the first of them and divides what a graph
    /// holds among all: `fake:0+1`.
    #[must_use]
    pub fn group(mut self, members: impl IntoIterator<Item = usize>) -> Self {
        self.groups.push(members.into_iter().collect());
        self
    }

    /// Makes the whole family absent: every call answers `Unavailable`, with `reason` as the source.
    #[must_use]
    pub fn absent(mut self, reason: impl Into<String>) -> Self {
        self.absent = Some(reason.into());
        self
    }

    /// How many calls the log keeps, 4096 unless set; the oldest go first.
    #[must_use]
    pub fn log_capacity(mut self, calls: usize) -> Self {
        self.log_capacity = calls;
        self
    }

    /// The backend as planned.
    pub fn build(self) -> FakeBackend {
        let log = Arc::new(Log::new(self.log_capacity));
        let mut plans = self.devices;
        if plans.is_empty() {
            plans.push(FakeDevice::new(DeviceKind::Cpu));
        }
        let devices = plans.into_iter().enumerate().map(|(index, plan)| {
            Arc::new(DeviceState::new(&format!("{}:{index}", self.family), plan, log.clone()))
        });
        let mut devices: Vec<_> = devices.collect();
        for group in self.groups {
            let members: Vec<_> = group.iter().filter_map(|at| devices.get(*at)).cloned().collect();
            let Some(first) = members.first() else { continue };
            let numbers: Vec<String> = group.iter().map(usize::to_string).collect();
            let id = format!("{}:{}", self.family, numbers.join("+"));
            let mut state = DeviceState::new(&id, first.plan.clone(), log.clone());
            state.members = members;
            devices.push(Arc::new(state));
        }
        FakeBackend::new(self.family, devices, self.absent, log)
    }
}

/// Plans one device. Runs and loads are counted per device, from 1.
#[derive(Debug, Clone)]
pub struct FakeDevice {
    pub(crate) kind: DeviceKind,
    pub(crate) memory: Option<u64>,
    pub(crate) encodings: Vec<Encoding>,
    pub(crate) dtypes: Vec<DType>,
    pub(crate) cancellation: Cancellation,
    pub(crate) load_latency: Duration,
    pub(crate) run_latency: Duration,
    pub(crate) slots: Option<usize>,
    pub(crate) resident: bool,
    pub(crate) cache_per_run: u64,
    pub(crate) faults: Vec<Fault>,
    pub(crate) wrong: Vec<(Option<u64>, WrongAnswer)>,
    pub(crate) precision: DType,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) slowdown: u32,
    pub(crate) arithmetic: Arithmetic,
    pub(crate) swapped_names: Option<(usize, usize)>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) act: Act,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) kind: ErrorKind,
}

impl FakeDevice {
    /// A device without limits or faults that reads every encoding and has every dtype.
    pub fn new(kind: DeviceKind) -> Self {
        Self {
            kind,
            memory: None,
            encodings: Encoding::ALL.to_vec(),
            dtypes: DType::ALL.to_vec(),
            cancellation: Cancellation::AnyTime,
            load_latency: Duration::ZERO,
            run_latency: Duration::ZERO,
            slots: None,
            resident: false,
            cache_per_run: 0,
            faults: Vec::new(),
            wrong: Vec::new(),
            precision: DType::F32,
            labels: BTreeMap::new(),
            slowdown: 1,
            arithmetic: Arithmetic::default(),
            swapped_names: None,
        }
    }

    /// Reports `bytes` of memory; graphs and resident tensors that exceed them fail with `OutOfMemory`.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// Reads only these encodings.
    #[must_use]
    pub fn encodings(mut self, encodings: impl IntoIterator<Item = Encoding>) -> Self {
        self.encodings = encodings.into_iter().collect();
        self
    }

    /// With each run a context keeps `bytes` more on the device, as one with a KV cache does.
    #[must_use]
    pub fn cache_per_run(mut self, bytes: u64) -> Self {
        self.cache_per_run = bytes;
        self
    }

    /// Has only these dtypes.
    #[must_use]
    pub fn dtypes(mut self, dtypes: impl IntoIterator<Item = DType>) -> Self {
        self.dtypes = dtypes.into_iter().collect();
        self
    }

    /// When it notices that a run was dropped, `AnyTime` unless set.
    ///
    /// With `Never` a dropped run keeps its slot and its inputs until its latency has passed;
    /// `BetweenOperators` is the same here, as a script is one operator.
    #[must_use]
    pub fn cancellation(mut self, cancellation: Cancellation) -> Self {
        self.cancellation = cancellation;
        self
    }

    /// How long every load takes.
    #[must_use]
    pub fn load_latency(mut self, latency: Duration) -> Self {
        self.load_latency = latency;
        self
    }

    /// How long every run takes, besides the script's own latency.
    #[must_use]
    pub fn run_latency(mut self, latency: Duration) -> Self {
        self.run_latency = latency;
        self
    }

    /// Runs at most `count` at once; the rest wait their turn. Any number unless set.
    #[must_use]
    pub fn slots(mut self, count: usize) -> Self {
        self.slots = Some(count);
        self
    }

    /// Leaves outputs on the device and counts what crosses over to it and back.
    #[must_use]
    pub fn resident(mut self) -> Self {
        self.resident = true;
        self
    }

    /// Fails run number `nth`. `DeviceLost` loses the device, as [`FakeDevice::lose_at_run`].
    #[must_use]
    pub fn fail_run(self, nth: u64, kind: ErrorKind) -> Self {
        self.fault(Act::Run, nth, nth, kind)
    }

    /// Fails every run from number `first` on.
    #[must_use]
    pub fn fail_runs_from(self, first: u64, kind: ErrorKind) -> Self {
        self.fault(Act::Run, first, u64::MAX, kind)
    }

    /// Fails load number `nth`.
    #[must_use]
    pub fn fail_load(self, nth: u64, kind: ErrorKind) -> Self {
        self.fault(Act::Load, nth, nth, kind)
    }

    /// Fails every load from number `first` on.
    #[must_use]
    pub fn fail_loads_from(self, first: u64, kind: ErrorKind) -> Self {
        self.fault(Act::Load, first, u64::MAX, kind)
    }

    /// Loses the device in run number `nth`: that call and all later ones answer `DeviceLost` until
    /// [`DeviceControl::revive`](crate::DeviceControl::revive).
    #[must_use]
    pub fn lose_at_run(self, nth: u64) -> Self {
        self.fail_run(nth, ErrorKind::DeviceLost)
    }

    /// Makes every answer wrong in this way.
    #[must_use]
    pub fn wrong(mut self, answer: WrongAnswer) -> Self {
        self.wrong.push((None, answer));
        self
    }

    /// Makes the answer of run number `nth` wrong in this way.
    #[must_use]
    pub fn wrong_at_run(mut self, nth: u64, answer: WrongAnswer) -> Self {
        self.wrong.push((Some(nth), answer));
        self
    }

    /// Says that it multiplies `f32` models in `precision`, `f32` unless set. What it computes stays
    /// the same: see [`FakeDevice::accumulate_in`].
    #[must_use]
    pub fn precision(mut self, precision: DType) -> Self {
        self.precision = precision;
        self
    }

    /// Says `value` of itself under `label`.
    #[must_use]
    pub fn label(mut self, label: &str, value: &str) -> Self {
        self.labels.insert(label.to_owned(), value.to_owned());
        self
    }

    /// Rounds every partial sum of `Linear` and of the totals of `Split` to `dtype`, a float.
    #[must_use]
    pub fn accumulate_in(mut self, dtype: DType) -> Self {
        self.arithmetic.accumulate = Some(dtype);
        self
    }

    /// Adds `by` to weight number `index` of every `Linear`.
    #[must_use]
    pub fn wrong_weight(mut self, index: usize, by: f64) -> Self {
        self.arithmetic.wrong_weight = Some((index, by));
        self
    }

    /// Gives two outputs each other's names in the signature; what they hold stays in place.
    #[must_use]
    pub fn swap_output_names(mut self, first: usize, second: usize) -> Self {
        self.swapped_names = Some((first, second));
        self
    }

    /// Makes every run take `factor` times as long as its script says.
    #[must_use]
    pub fn slower_by(mut self, factor: u32) -> Self {
        self.slowdown = factor;
        self
    }

    fn fault(mut self, act: Act, first: u64, last: u64, kind: ErrorKind) -> Self {
        self.faults.push(Fault { act, first, last, kind });
        self
    }
}
