//! What guests that make hostile calls run on: a real host, with models on a backend.

use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{
    Arena, Backend, Budget, Buffer, DType, DeviceKind, Dim, Encoding, Graph, Memory, Model, Quota,
};
use godwit_fake::{FakeBackend, FakeDevice, Op, Script};
use godwit_fixtures::{dims, models};
use godwit_host::{Exit, Host, HostOptions, Inference, Invocation, Limits, Program, Stdio};
use godwit_platform::{Family, FamilyOptions, Libraries};
use godwit_policy::{AdmissionLimits, Catalog, CatalogEntry, Ledger, Stack};
use tokio::runtime::Runtime;

/// Bytes of tensors that a guest may hold: few enough to be used up.
const TENSORS: u64 = 1 << 20;

/// Handles that it may hold: few enough to be used up.
const HANDLES: usize = 300;

/// What no input needs. A call that hangs is a failure.
const LIFETIME: Duration = Duration::from_secs(60);

/// Inputs between two checks that memory came back.
const SETTLE_EVERY: u64 = 256;

/// The backend that serves the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Cpu,
    Fake,
}

/// The models by their names, which both guests know.
pub(crate) const NAMES: [&str; 6] = ["echo", "add", "split", "mixed", "scale", "none"];

pub(crate) struct Stage {
    runtime: Runtime,
    program: Program,
    catalog: Arc<Catalog>,
    memory: Memory,
    /// Held, so that no load by name compiles.
    _graphs: Vec<Arc<dyn Graph>>,
    inputs: u64,
}

/// How a guest ended.
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    pub(crate) stdout: Vec<u8>,
}

impl Stage {
    pub(crate) fn new(on: On, guest: &[u8]) -> Self {
        let host = Host::new(&HostOptions { instances: 8, ..HostOptions::default() }).unwrap();
        let program = host.load(guest).unwrap();
        let (backend, models) = backend(on);
        let stack = Stack::new(vec![backend], godwit_model::Limits::default(), 1 << 30);
        let tenant = stack.tenant(AdmissionLimits::default(), Ledger::new());
        let entry = |model: &Model| CatalogEntry { variants: vec![model.clone()], target: None };
        let builder = Catalog::builder(tenant).guest_models(true, 1 << 16);
        let builder = models
            .iter()
            .fold(builder, |builder, model| builder.model(model.name().to_string(), entry(model)));
        let catalog = Arc::new(builder.build());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let graphs = models.iter().map(|model| catalog.by_name(model.name()));
        let graphs = graphs.map(|graph| runtime.block_on(graph).unwrap()).collect();
        let memory = Memory::new(Arena::default(), Budget::new("tensors", TENSORS));
        Self { runtime, program, catalog, memory, _graphs: graphs, inputs: 0 }
    }

    /// Runs the guest on `input`, which it reads from its standard input.
    pub(crate) fn run(&mut self, input: Vec<u8>) -> Result<Ended, String> {
        let (stdio, output) = Stdio::captured(input, 1 << 20);
        let invocation = Invocation {
            args: vec!["fuzz".to_owned()],
            env: Vec::new(),
            dirs: Vec::new(),
            stdio,
            limits: Limits {
                memory: 64 << 20,
                tensor_bytes: TENSORS,
                handles: HANDLES,
                timeout: Some(LIFETIME),
                ..Limits::default()
            },
            inference: Inference {
                catalog: self.catalog.clone(),
                quota: Quota::of_host(self.memory.clone()),
            },
        };
        let exit = self.runtime.block_on(self.program.run(invocation)).map_err(|e| e.report())?;
        if let Exit::TimedOut { .. } = exit {
            return Err("a call did not end".to_owned());
        }
        self.inputs += 1;
        if self.inputs.is_multiple_of(SETTLE_EVERY) {
            self.settle()?;
        }
        Ok(Ended { exit, stdout: output.stdout().to_vec() })
    }

    /// Every byte comes back. A run that its guest does not wait for may still be ending.
    fn settle(&self) -> Result<(), String> {
        for _ in 0..10_000 {
            if self.memory.budget().used() == 0 {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(format!("{} bytes of tensors did not come back", self.memory.budget().used()))
    }
}

fn backend(on: On) -> (Arc<dyn Backend>, Vec<Model>) {
    match on {
        On::Cpu => {
            let options = FamilyOptions { threads: Some(1), ..FamilyOptions::default() };
            let cpu = Family::by_name("cpu").unwrap();
            (cpu.open(&Libraries::default(), &options).unwrap(), onnx())
        }
        On::Fake => {
            let device = FakeDevice::new(DeviceKind::Cpu).encodings([Encoding::Ggml]);
            (Arc::new(FakeBackend::builder().device(device).build()), scripts())
        }
    }
}

fn onnx() -> Vec<Model> {
    let all = [
        ("echo", models::echo(DType::I64, dims!["batch", 3])),
        ("add", models::add()),
        ("split", models::split()),
        ("mixed", models::mixed()),
        ("scale", models::scale(3.0)),
    ];
    let model = |(name, bytes)| Model::new(name, Encoding::Onnx, vec![Buffer::from(bytes)]);
    all.into_iter().map(model).collect()
}

fn scripts() -> Vec<Model> {
    let (n, f32) = (|| Dim::Symbol("n".into()), DType::F32);
    let all = [
        ("echo", Script::echo(DType::I64, [n(), Dim::Known(3)])),
        ("add", Script::add(f32, [n()])),
        (
            "split",
            Script::new(Op::Split)
                .input("x", f32, [n(), Dim::Known(3)])
                .output("doubled", f32, [n(), Dim::Known(3)])
                .output("total", f32, [n()]),
        ),
        (
            "mixed",
            Script::new(Op::Mixed)
                .input("ids", DType::I64, [n()])
                .input("mask", f32, [n()])
                .output("y", f32, [n()]),
        ),
        ("scale", Script::new(Op::Scale(3.0)).input("x", f32, [n()]).output("y", f32, [n()])),
    ];
    all.into_iter().map(|(name, script)| script.model(name)).collect()
}

/// A small model that a guest may bring.
pub(crate) fn brought(on: On) -> Vec<u8> {
    let model = match on {
        On::Cpu => onnx().swap_remove(4),
        On::Fake => scripts().swap_remove(4),
    };
    model.parts()[0].to_vec()
}
