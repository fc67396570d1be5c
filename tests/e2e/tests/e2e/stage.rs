//! What a guest needs to run: the host, models on a backend, limits; and what came of it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use std::{fs, thread};

use godwit_backend::{
    Arena, Backend, Budget, DeviceKind, Encoding, ErrorKind, Memory, Model, Quota,
};
use godwit_fake::{FakeBackend, FakeDevice};
use godwit_host::{
    Cache, Dir, Exit, Host, HostOptions, Inference, Invocation, Key, Limits, Output, Program, Stdio,
};
use godwit_platform::{Family, FamilyOptions, Libraries};
use godwit_policy::{AdmissionLimits, AllowList, Catalog, CatalogEntry, Ledger, Stack};
use tempfile::TempDir;

use crate::models;

/// Guests are compiled once for all the processes that tests run in.
pub(crate) fn options() -> HostOptions {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    fs::create_dir_all(&folder).unwrap();
    let cache = Cache { folder, key: Key::from_bytes([7; 32]) };
    HostOptions { instances: 64, cache: Some(cache), ..HostOptions::default() }
}

pub(crate) static HOST: LazyLock<Host> = LazyLock::new(|| Host::new(&options()).unwrap());

/// More than any budget's return, or a stopped run's end, should need.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who serves the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Cpu,
    Fake,
}

impl On {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Fake => "fake",
        }
    }
}

/// What a guest may use. The default is what most of them are written for.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) run_deadline: Option<Duration>,
    pub(crate) guest_models: bool,
    pub(crate) device: FakeDevice,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits { tensor_bytes: 16 << 20, memory: 256 << 20, ..Limits::default() },
            run_deadline: None,
            guest_models: true,
            device: FakeDevice::new(DeviceKind::Cpu),
        }
    }
}

impl Settings {
    pub(crate) fn run_deadline(mut self, after: Duration) -> Self {
        self.run_deadline = Some(after);
        self
    }

    pub(crate) fn timeout(mut self, after: Duration) -> Self {
        self.limits.timeout = Some(after);
        self
    }

    pub(crate) fn memory(mut self, bytes: u64) -> Self {
        self.limits.memory = bytes;
        self
    }

    pub(crate) fn no_guest_models(mut self) -> Self {
        self.guest_models = false;
        self
    }

    /// The plan of `every_device_fault`.
    pub(crate) fn faults(mut self) -> Self {
        use ErrorKind::*;
        let kinds =
            [Failed, OutOfMemory, Unavailable, Internal, Unsupported, Denied, Timeout, Cancelled];
        for (nth, kind) in (1..).zip(kinds) {
            self.device = self.device.fail_run(nth, kind);
        }
        self.device = self.device.lose_at_run(10);
        self
    }
}

/// A tenant with its models, ready for guests.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) on: On,
    pub(crate) settings: Settings,
    pub(crate) memory: Memory,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) ledger: Ledger,
    pub(crate) fake: FakeBackend,
    files: TempDir,
}

impl Stage {
    pub(crate) fn new(on: On, settings: Settings) -> Self {
        let fake = FakeBackend::builder()
            .device(settings.device.clone().encodings([Encoding::Ggml]))
            .build();
        let (backend, models): (Arc<dyn Backend>, _) = match on {
            On::Cpu => {
                let options = FamilyOptions { threads: Some(1), ..FamilyOptions::default() };
                let cpu = Family::by_name("cpu").unwrap();
                (cpu.open(&Libraries::default(), &options).unwrap(), models::onnx())
            }
            On::Fake => (Arc::new(fake.clone()), models::scripts()),
        };
        let stack = Stack::new(vec![backend], godwit_model::Limits::default(), 1 << 30);
        let ledger = Ledger::new();
        let catalog = Arc::new(catalog(&stack, &settings, &models, &ledger));
        let budget = Budget::new("tensors", settings.limits.tensor_bytes);
        let memory = Memory::new(Arena::default(), budget);
        let files = tempfile::tempdir().unwrap();
        let digits = models.iter().find(|model| &**model.name() == "digits").unwrap();
        let end = if on == On::Cpu { "onnx" } else { "gguf" };
        let path = files.path().join(format!("digits.{end}"));
        fs::write(path, &**digits.parts().first().unwrap()).unwrap();
        Self { on, settings, memory, catalog, ledger, fake, files }
    }

    /// The directory that guests see as `/models`.
    pub(crate) fn models(&self) -> Dir {
        Dir { host: self.folder(), guest: "/models".into(), read_only: true }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.files.path().to_owned()
    }

    /// What `guest` is usually given.
    pub(crate) fn invocation(&self, guest: &str) -> (Invocation, Output) {
        let (stdio, output) = Stdio::captured("", 1 << 20);
        let invocation = Invocation {
            args: vec![guest.to_owned(), self.on.name().to_owned()],
            env: vec![("GIVEN".to_owned(), "yes".to_owned())],
            dirs: vec![self.models()],
            stdio,
            limits: self.settings.limits.clone(),
            inference: Inference {
                catalog: self.catalog.clone(),
                quota: Quota::of_host(self.memory.clone()),
            },
        };
        (invocation, output)
    }

    /// Runs `guest` to its end.
    pub(crate) fn run(&self, guest: &str) -> Ended {
        block_on(self.run_beside(&HOST, guest))
    }

    /// Runs `guest` on `host`, beside others.
    pub(crate) async fn run_beside(&self, host: &Host, guest: &str) -> Ended {
        let program = host.load(&read_program(guest)).unwrap();
        let (invocation, output) = self.invocation(guest);
        let exit = program.run(invocation).await.unwrap();
        Ended { guest: guest.to_owned(), on: self.on, exit, output }
    }

    /// Fails unless every byte of the tenant's tensors comes back.
    pub(crate) fn assert_settled(&self) {
        eventually("the tensors' bytes come back", || self.memory.budget().used() == 0);
        eventually("no run is under way", || self.fake.device("fake:0").unwrap().running() == 0);
    }
}

fn catalog(stack: &Stack, settings: &Settings, models: &[Model], ledger: &Ledger) -> Catalog {
    let names = models.iter().map(|model| model.name().to_string());
    let allowed = names
        .filter(|name| name != "forbidden")
        .chain([godwit_policy::GUEST_MODEL.to_owned()])
        .fold(AllowList::new(), AllowList::name);
    let limits = AdmissionLimits {
        run_deadline: settings.run_deadline,
        models: Some(allowed),
        ..AdmissionLimits::default()
    };
    let tenant = stack.tenant(limits, ledger.clone());
    let builder = Catalog::builder(tenant).guest_models(settings.guest_models, 1 << 20);
    let offer = |model: &Model| CatalogEntry { variants: vec![model.clone()], target: None };
    let builder = models
        .iter()
        .fold(builder, |builder, model| builder.model(model.name().to_string(), offer(model)));
    builder.build()
}

/// How a guest ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    guest: String,
    on: On,
    pub(crate) exit: Exit,
    output: Output,
}

impl Ended {
    #[track_caller]
    pub(crate) fn assert_well(&self) {
        assert_eq!(self.exit, Exit::Code(0), "{self}");
    }

    /// By a trap whose reason holds `part`.
    #[track_caller]
    pub(crate) fn assert_trapped(&self, part: &str) {
        match &self.exit {
            Exit::Trapped { reason } => assert!(reason.contains(part), "{self}"),
            _ => panic!("{self}"),
        }
    }

    #[track_caller]
    pub(crate) fn assert_timed_out(&self) {
        assert!(matches!(self.exit, Exit::TimedOut { .. }), "{self}");
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { guest, on, exit, output } = self;
        writeln!(f, "{guest} on {} ended: {exit:?}", on.name())?;
        for (name, bytes) in [("stdout", output.stdout()), ("stderr", output.stderr())] {
            let end = bytes.get(bytes.len().saturating_sub(4000)..).unwrap_or_default();
            writeln!(f, "--- {name}\n{}", String::from_utf8_lossy(end))?;
        }
        Ok(())
    }
}

/// Loads a guest's program.
pub(crate) fn load(guest: &str) -> Program {
    HOST.load(&read_program(guest)).unwrap()
}

/// A guest's bytes. A missing guest is a failure: nothing is skipped.
pub(crate) fn read_program(guest: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/guests");
    fs::read(folder.join(format!("{guest}.wasm"))).unwrap_or_else(|error| {
        panic!("the guest {guest} is not there ({error}): run `cargo xtask build`")
    })
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().unwrap().block_on(future)
}

/// Waits for what has no signal of its own.
#[track_caller]
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
