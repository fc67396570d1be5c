//! What Godwit adds to a call to a server: the same request by a guest, by a bare client, and by Python's.

mod bare;
mod connections;
mod python;
mod text;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use godwit_backend::{Model, Target};
use godwit_host::{Host, HostOptions};
use godwit_platform::FamilyOptions;
use godwit_remote::{Endpoint, Protocol, Remote, RemoteOptions};
use godwit_remote_tests::Triton;
use serde::Serialize;
use tokio::runtime::Runtime;

use self::bare::{Grpc, Http};
use self::connections::Forwarder;
use self::python::Python;
use crate::engine::Engine;
use crate::hosted::{Bench, Direct, Hosted};
use crate::ladder::{Rung, echo};
use crate::machine::{self, Machine};
use crate::measure::stats::Interval;
use crate::measure::{Comparison, Plan, Side, compare};

/// Guests that call at the same time, for the throughput.
const AT_ONCE: usize = 4;

/// Calls through the forwarder that counts connections.
const COUNTED: u32 = 200;

/// The id of the device that is measured.
const DEVICE: &str = "triton:0";

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) server: &'static str,
    pub(crate) blocks: usize,
    pub(crate) block_ms: u64,
    pub(crate) rows: Vec<Row>,
    pub(crate) at_once: usize,
    pub(crate) connections: Vec<Connections>,
}

/// One model over one protocol. First: the other client. Second: through a guest, or from Rust through the
/// same policies.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) protocol: &'static str,
    pub(crate) model: String,
    pub(crate) bytes: usize,
    /// The bare client against itself.
    pub(crate) noise: Interval,
    pub(crate) guest_over_bare: Comparison,
    pub(crate) rust_over_bare: Comparison,
    pub(crate) guest_over_python: Comparison,
    /// The same as the first, by several callers at the same time.
    pub(crate) guests_over_bare_at_once: Comparison,
}

/// How many connections a client opened for so many calls, one after another.
#[derive(Debug, Serialize)]
pub(crate) struct Connections {
    pub(crate) protocol: &'static str,
    pub(crate) client: &'static str,
    pub(crate) calls: u32,
    pub(crate) opened: usize,
}

pub(crate) fn remote(arguments: &crate::RemoteArguments) -> Result<()> {
    let (pairs, block) = match arguments.quick {
        true => (10, 50),
        false => (arguments.blocks.max(2), arguments.block_ms),
    };
    let plan = Plan { pairs, block: Duration::from_millis(block) };
    let machine = Machine::look();
    let guest = fs::read(&arguments.guest)
        .with_context(|| format!("{} is missing: build it", arguments.guest.display()))?;
    let host = Host::new(&HostOptions {
        time_slice: FamilyOptions::single_app().inline_under,
        ..HostOptions::default()
    })?;
    let stage = Stage { runtime: Arc::new(Runtime::new()?), program: host.load(&guest)? };
    let rungs = [
        echo("echo-4B", &[1]),
        echo("echo-64kB", &[16_000]),
        echo("echo-602kB", &[1, 3, 224, 224]),
    ];
    eprintln!("starting Triton");
    let models = rungs.iter().map(|rung| (rung.work.model.clone(), rung.onnx.clone())).collect();
    let triton = Triton::with(models);
    let mut report = Report {
        machine,
        server: "NVIDIA Triton 2.51 with a model in Python that gives back what it got, on the same machine",
        blocks: plan.pairs,
        block_ms: block,
        rows: Vec::new(),
        at_once: AT_ONCE,
        connections: Vec::new(),
    };
    for protocol in [Spoken::Http, Spoken::Grpc] {
        let port = protocol.port(&triton);
        for rung in &rungs {
            eprintln!("{} over {}", rung.work.model, protocol.name());
            report.rows.push(stage.row(protocol, port, rung, plan)?);
        }
        eprintln!("connections over {}", protocol.name());
        report.connections.extend(stage.connections(protocol, port, &rungs[0])?);
    }
    report.machine.load_after = machine::load();
    fs::create_dir_all(&arguments.out)?;
    let json = arguments.out.join("remote.json");
    fs::write(&json, serde_json::to_string_pretty(&report)? + "\n")?;
    println!("{}\nwritten: {}", text::text(&report), json.display());
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoken {
    Http,
    Grpc,
}

impl Spoken {
    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
        }
    }

    fn port(self, triton: &Triton) -> u16 {
        match self {
            Self::Http => triton.http,
            Self::Grpc => triton.grpc,
        }
    }
}

/// What the models share.
struct Stage {
    runtime: Arc<Runtime>,
    program: godwit_host::Program,
}

/// The ways to ask for one model.
struct Sides {
    bare: Box<dyn Side>,
    python: Python,
    guest: Hosted,
    rust: Direct,
}

impl Stage {
    fn sides(&self, spoken: Spoken, port: u16, rung: &Rung) -> Result<Sides> {
        let url: url::Url = format!("http://127.0.0.1:{port}").parse()?;
        let protocol = match spoken {
            Spoken::Http => Protocol::OipHttp,
            Spoken::Grpc => Protocol::OipGrpc,
        };
        let endpoint = Endpoint { protocol, ..Endpoint::new(DEVICE, url) };
        let backend = Remote::open(RemoteOptions { endpoints: vec![endpoint] })?;
        let bench = Bench {
            engine: Engine::Tract,
            runtime: self.runtime.clone(),
            program: self.program.clone(),
            backend: Arc::new(backend),
        };
        let model = Model::remote(&rung.work.model, &rung.work.model, None);
        let guest = bench
            .host(model, Target::new(DEVICE), &rung.work)
            .with_context(|| format!("loading {}", rung.work.model))?;
        let output = guest.output().context("a model without an output")?;
        let (bare, digest): (Box<dyn Side>, u64) = match spoken {
            Spoken::Http => {
                let bare = Http::new(self.runtime.clone(), port, &rung.work, &output)?;
                let digest = bare.digest()?;
                (Box::new(bare), digest)
            }
            Spoken::Grpc => {
                let bare = Grpc::new(self.runtime.clone(), port, &rung.work)?;
                let digest = bare.digest()?;
                (Box::new(bare), digest)
            }
        };
        let same = guest.run("run", 1)?.digest == digest;
        ensure!(same, "the guest's answer is another than the bare client's");
        let python = Python::start(spoken.name(), port, &rung.work, &output)?;
        let rust = guest.without_guest()?;
        Ok(Sides { bare, python, guest, rust })
    }

    fn row(&self, spoken: Spoken, port: u16, rung: &Rung, plan: Plan) -> Result<Row> {
        let Sides { bare, python, guest, rust } = self.sides(spoken, port, rung)?;
        let few = Plan { pairs: (plan.pairs / 2).max(2), ..plan };
        Ok(Row {
            protocol: spoken.name(),
            model: rung.work.model.clone(),
            bytes: rung.work.bytes(),
            noise: compare(&*bare, &*bare, few)?.ratio,
            guest_over_bare: compare(&*bare, &guest, plan)?,
            rust_over_bare: compare(&*bare, &rust, few)?,
            guest_over_python: compare(&python, &guest, few)?,
            guests_over_bare_at_once: compare(&AtOnce(&*bare), &AtOnce(&guest), few)?,
        })
    }

    fn connections(&self, spoken: Spoken, port: u16, rung: &Rung) -> Result<Vec<Connections>> {
        let forwarder = Forwarder::start(&self.runtime, port)?;
        let Sides { bare, python, guest, rust } = self.sides(spoken, forwarder.port(), rung)?;
        let sides: [(&str, &dyn Side); 4] = [
            ("a bare Rust client", &*bare),
            ("tritonclient", &python),
            ("a guest", &guest),
            ("Godwit from Rust", &rust),
        ];
        // What opened a connection to find out what there is may keep it.
        let count = |(client, side): (&'static str, &dyn Side)| -> Result<Connections> {
            let before = forwarder.opened();
            side.block(COUNTED)?;
            let opened = forwarder.opened() - before;
            Ok(Connections { protocol: spoken.name(), client, calls: COUNTED, opened })
        };
        sides.into_iter().map(count).collect()
    }
}

/// The same work by several callers at the same time. A block is as long as the slowest takes.
struct AtOnce<'a>(&'a dyn Side);

impl Side for AtOnce<'_> {
    fn block(&self, runs: u32) -> Result<Duration> {
        std::thread::scope(|scope| {
            let start = |_| scope.spawn(|| self.0.block(runs));
            let callers: Vec<_> = (0..AT_ONCE).map(start).collect();
            let mut slowest = Duration::ZERO;
            for caller in callers {
                let took = caller.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?;
                slowest = slowest.max(took?);
            }
            Ok(slowest)
        })
    }
}
