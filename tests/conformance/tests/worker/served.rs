//! What the process drives, by the name it is started with.

use std::process::{Command, abort, id};
use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{
    Backend, DType, Device, DeviceKind, Encoding, Error, ExecutionContext, Graph, GraphInfo,
    Inputs, Model, Quota, Result, Run, Target, async_trait,
};
use godwit_conformance::models::{OnnxModels, ScriptModels};
use godwit_conformance::planted::Hungry;
use godwit_conformance::{Held, Subject};
use godwit_cpu::CpuBackend;
use godwit_fake::{FakeBackend, FakeDevice};
use godwit_worker::{Limits, Profile, Worker, again, serve as answer};

/// A model of this name ends the process when it is loaded.
pub(crate) const DEADLY: &str = "deadly";

/// A model of this name ends the process when it is run.
pub(crate) const DEADLY_RUN: &str = "deadly-run";

/// The process whose library never frees what it takes for a load.
pub(crate) const LEAKING: &str = "leaking";

/// The process whose library takes gigabytes for a load.
pub(crate) const GREEDY: &str = "greedy";

/// The label that holds the number of the process.
pub(crate) const PROCESS: &str = "pid";

/// The variable by which the second device of `spread` asks for a process of its own.
pub(crate) const SECOND: &str = "GODWIT_TESTS_SECOND_DEVICE";

/// Is the process.
pub(crate) fn serve(name: &str) {
    if let Some(way) = name.strip_prefix(crate::hostile::HOSTILE) {
        crate::hostile::serve(way);
    }
    if let Some(how) = name.strip_prefix(crate::confined::CONFINED) {
        return crate::confined::serve(how);
    }
    answer(&Profile::open(), || match name {
        "cpu" => Ok(Arc::new(CpuBackend::new(Default::default())?)),
        "resident" => Ok(Arc::new(resident_here())),
        LEAKING => Ok(Arc::new(Hungry::leaking(Arc::new(resident_here()), 16 << 20))),
        GREEDY => Ok(Arc::new(Hungry::greedy(Arc::new(resident_here()), 2 << 30))),
        "fake" => Ok(Arc::new(Deadly(fake()))),
        "spread" => Ok(Arc::new(spread())),
        other => Err(Error::unavailable(format!("'{other}' is not here"))
            .with_source("it was looked for in a list of four")),
    })
    .unwrap();
}

/// The command that starts the process.
pub(crate) fn command(name: &str) -> Command {
    let mut command = again().unwrap();
    command.args(["serve", name]);
    command
}

pub(crate) fn worker(family: &str, name: &'static str) -> Worker {
    // A machine that is busy with other tests is late to stop what is cancelled.
    let limits = Limits { grace: Duration::from_secs(20), ..Limits::default() };
    Worker::new(family, move || command(name)).limits(limits)
}

/// The host's processor, from a process of its own.
pub(crate) fn cpu() -> Subject {
    Subject {
        backend: Arc::new(worker("cpu", "cpu")),
        target: Target::new("cpu:0"),
        models: Arc::new(OnnxModels),
        lacks: &["expand", "spin"],
        checked: false,
        held: Held::Resident,
    }
}

/// A device that keeps its outputs and runs one at a time, in a process of its own.
pub(crate) fn resident() -> Subject {
    let worker = Arc::new(worker("fake", "resident"));
    let device = worker.clone();
    let held = move || {
        let devices = device.devices().unwrap();
        let memory = devices[0].memory.unwrap();
        memory.total - memory.free
    };
    Subject {
        backend: worker,
        target: Target::new("fake:0"),
        models: Arc::new(ScriptModels),
        lacks: &[],
        checked: true,
        held: Held::Exactly(Arc::new(held)),
    }
}

/// The same with a fault in its process.
pub(crate) fn faulty(name: &'static str) -> Subject {
    Subject { backend: Arc::new(worker("fake", name)), held: Held::Resident, ..resident() }
}

fn resident_here() -> FakeBackend {
    let dtypes = [DType::F32, DType::I64, DType::Bf16, DType::Bool];
    let device = FakeDevice::new(DeviceKind::Tpu).resident().slots(1).dtypes(dtypes);
    let device = device.memory(1 << 30).encodings([Encoding::Ggml]);
    let device = device.load_latency(Duration::from_millis(1));
    FakeBackend::builder().device(device).build()
}

fn fake() -> FakeBackend {
    let device = FakeDevice::new(DeviceKind::Gpu).resident().encodings([Encoding::Ggml]);
    let device = device.memory(1 << 30).label(PROCESS, &id().to_string());
    FakeBackend::builder().device(device).build()
}

/// Two devices, of which a process drives one: the second where the variable says so.
pub(crate) fn spread() -> FakeBackend {
    let device = |label: Option<(&str, &str)>| {
        let device = FakeDevice::new(DeviceKind::Gpu).encodings([Encoding::Ggml]);
        let device = device.label(PROCESS, &id().to_string()).memory(1 << 30);
        match label {
            Some((name, value)) => device.label(name, value),
            None => device,
        }
    };
    let is_second = std::env::var(SECOND).is_ok_and(|value| value == "yes");
    let apart = format!("{SECOND}=yes");
    let second = (!is_second).then_some((Device::SEPARATE_PROCESS, &*apart));
    FakeBackend::builder().device(device(None)).device(device(second)).build()
}

/// A backend whose library ends its process when a model displeases it.
#[derive(Debug)]
struct Deadly(FakeBackend);

#[async_trait]
impl Backend for Deadly {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn devices(&self) -> Result<Vec<Device>> {
        self.0.devices()
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        if &**model.name() == DEADLY {
            abort();
        }
        let graph = self.0.load(model, target).await?;
        match &**model.name() {
            DEADLY_RUN => Ok(Arc::new(DeadlyGraph(graph))),
            _ => Ok(graph),
        }
    }
}

#[derive(Debug)]
struct DeadlyGraph(Arc<dyn Graph>);

#[async_trait]
impl Graph for DeadlyGraph {
    fn info(&self) -> &GraphInfo {
        self.0.info()
    }

    async fn context(&self, _: &Quota) -> Result<Box<dyn ExecutionContext>> {
        Ok(Box::new(DeadlyContext))
    }
}

#[derive(Debug)]
struct DeadlyContext;

impl ExecutionContext for DeadlyContext {
    fn run(&mut self, _: Inputs) -> Run<'_> {
        abort()
    }
}
