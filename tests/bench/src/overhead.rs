//! The benchmark from its first block to its last.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use godwit_backend::{DType, DeviceKind, Dim, Target};
use godwit_fake::{FakeBackend, FakeDevice, Script};
use godwit_host::{Host, HostOptions};
use godwit_platform::FamilyOptions;
use tokio::runtime::Runtime;

use crate::allocations::{self, Allocations};
use crate::engine::{Callers, Engine};
use crate::hosted::{Bench, Both, Direct, Fresh, Hosted};
use crate::ladder::{Rung, echo, ladder};
use crate::machine::{self, Machine};
use crate::measure::stats::{Interval, Line, line, median_interval};
use crate::measure::{Plan, Side, compare, rounds, times};
use crate::memcpy::copy_ns;
use crate::report::{EngineReport, Layer, PeerRow, Report, Row, TwoThreads};
use crate::{Overhead, plot, table};

/// How often a model that computes is loaded anew, on both sides. Echoes have nothing to load.
const ROUNDS: usize = 8;

/// The model whose blocks tell how noisy the machine is.
const NOISE: &str = "matmul-chain";

pub(crate) fn overhead(arguments: &Overhead) -> Result<()> {
    let plan = plan(arguments);
    let machine = Machine::look();
    let guest = fs::read(&arguments.guest)
        .with_context(|| format!("{} is missing: build it", arguments.guest.display()))?;
    let host = Host::new(&HostOptions {
        time_slice: FamilyOptions::single_app().inline_under,
        ..HostOptions::default()
    })?;
    let (runtime, program) = (Arc::new(Runtime::new()?), host.load(&guest)?);
    let bench = |engine: Engine| -> Result<Bench> {
        let (runtime, program) = (runtime.clone(), program.clone());
        Ok(Bench { engine, runtime, program, backend: engine.backend()? })
    };
    let mut rungs = ladder();
    rungs.retain(|rung| arguments.only.is_empty() || arguments.only.contains(&rung.work.model));
    if arguments.quick {
        rungs.retain(|rung| rung.work.model != "resnet50");
    }

    eprintln!("noise: the native side against itself");
    let noise = noise(plan)?;
    let mut engines = Vec::new();
    for engine in Engine::ALL {
        if arguments.engine.is_empty() || arguments.engine.contains(&engine) {
            engines.push(one_engine(&bench(engine)?, &rungs, plan)?);
        }
    }
    let bench = bench(Engine::Tract)?;
    eprintln!("the smallest echo on tract, layer by layer");
    let layers = layers(&bench, plan)?;
    eprintln!("heap allocations of a warm run");
    let allocations = allocations(&bench)?;
    eprintln!("fresh instances");
    let fresh_instance_ns = fresh(&bench, plan)?;
    let mut report = Report {
        machine,
        blocks: plan.pairs,
        block_ms: u64::try_from(plan.block.as_millis())?,
        noise,
        engines,
        layers,
        allocations,
        fresh_instance_ns,
        peer: peer(arguments)?,
    };
    report.machine.load_after = machine::load();

    fs::create_dir_all(&arguments.out)?;
    let (json, svg) = (arguments.out.join("overhead.json"), arguments.out.join("overhead.svg"));
    fs::write(&json, serde_json::to_string_pretty(&report)? + "\n")?;
    fs::write(&svg, plot::svg(&report))?;
    println!("{}", table::text(&report));
    println!("written: {} and {}", json.display(), svg.display());
    Ok(())
}

fn plan(arguments: &Overhead) -> Plan {
    let (pairs, block) =
        if arguments.quick { (20, 20) } else { (arguments.blocks.max(2), arguments.block_ms) };
    Plan { pairs, block: Duration::from_millis(block) }
}

/// Fewer pairs where runs are long, so that one model takes about as long as another.
fn fewer(plan: Plan, side: &dyn Side) -> Result<Plan> {
    let one = side.block(1)?.max(plan.block);
    let pairs = plan.pairs as f64 * plan.block.as_secs_f64() / one.as_secs_f64();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most pairs")]
    let pairs = (pairs as usize).max(plan.pairs / 4).max(2);
    Ok(Plan { pairs, ..plan })
}

fn noise(plan: Plan) -> Result<Interval> {
    let rung = ladder().into_iter().find(|rung| rung.work.model == NOISE).context(NOISE)?;
    let native = Engine::Tract.native(&rung, Callers::One)?;
    Ok(compare(&*native, &*native, plan)?.ratio)
}

fn one_engine(bench: &Bench, rungs: &[Rung], plan: Plan) -> Result<EngineReport> {
    let (engine, mut rows) = (bench.engine, Vec::new());
    for rung in rungs {
        eprintln!("{} on {}: native against a guest", rung.work.model, engine.name());
        rows.push(row(bench, rung, plan).with_context(|| rung.work.model.clone())?);
    }
    let two_threads = match rungs.iter().find(|rung| rung.work.model == "mobilenet") {
        Some(rung) => {
            eprintln!("two threads on one model, on {}", engine.name());
            Some(two_threads(bench, rung, plan)?)
        }
        None => None,
    };
    Ok(EngineReport {
        engine,
        by_bytes: regression(&rows, |row| row.bytes as f64),
        by_copies: regression(&rows, |row| row.copy_ns),
        rows,
        two_threads,
    })
}

fn row(bench: &Bench, rung: &Rung, plan: Plan) -> Result<Row> {
    let count = if rung.echo { 1 } else { ROUNDS };
    let round = || {
        let native = bench.engine.native(rung, Callers::One)?;
        let hosted = host(bench, rung, Callers::One)?;
        ensure!(
            native.digest()? == hosted.run("run", 1)?.digest,
            "the guest's answer is another than the native one"
        );
        let Plan { pairs, block } = fewer(plan, &*native)?;
        times(&*native, &hosted, Plan { pairs: pairs.div_ceil(count), block })
    };
    let twice = || {
        let native = || bench.engine.native(rung, Callers::One);
        let (one, other) = (native()?, native()?);
        let Plan { pairs, block } = fewer(plan, &*one)?;
        times(&*one, &*other, Plan { pairs: pairs.div_ceil(count), block })
    };
    let bytes = rung.work.bytes();
    let comparison = rounds(count, round)?;
    let native_twice = match rung.echo {
        true => None,
        false => {
            eprintln!("{} on {}: native, loaded twice", rung.work.model, bench.engine.name());
            Some(rounds(count, twice)?.ratio)
        }
    };
    Ok(Row {
        model: rung.work.model.clone(),
        bytes,
        echo: rung.echo,
        copy_ns: copy_ns(bytes)?,
        comparison,
        native_twice,
    })
}

fn host(bench: &Bench, rung: &Rung, callers: Callers) -> Result<Hosted> {
    let (model, target) = bench.engine.model(rung, callers);
    bench.host(model, target, &rung.work)
}

/// The backend alone: no policy, no guest.
fn backend_only(bench: &Bench, rung: &Rung) -> Result<Direct> {
    let (model, target) = bench.engine.model(rung, Callers::One);
    let graph = bench.runtime.block_on(bench.backend.load(&model, &target))?;
    Direct::new(bench.runtime.clone(), graph, &rung.work)
}

/// The echo model on the fake backend, which allocates nothing: what is left is the host's and wasmtime's.
fn on_fake(bench: &Bench) -> Result<Hosted> {
    let fake =
        FakeBackend::builder().device(FakeDevice::new(DeviceKind::Cpu)).log_capacity(0).build();
    let work = echo("echo-4B", &[1]).work;
    let script = Script::echo(DType::F32, [Dim::Known(1)]).model(&work.model);
    let bench = Bench {
        engine: bench.engine,
        runtime: bench.runtime.clone(),
        program: bench.program.clone(),
        backend: Arc::new(fake),
    };
    bench.host(script, Target::new("fake:0"), &work)
}

fn layers(bench: &Bench, plan: Plan) -> Result<Vec<Layer>> {
    let rung = echo("echo-4B", &[1]);
    let native = bench.engine.native(&rung, Callers::One)?;
    let backend = backend_only(bench, &rung)?;
    let hosted = host(bench, &rung, Callers::One)?;
    let policies = hosted.without_guest()?;
    let fake = on_fake(bench)?;
    let (clock, tensor, compute) =
        (hosted.act("clock"), hosted.act("tensor"), hosted.act("compute"));
    let sides: [(&str, &dyn Side); 8] = [
        ("tract, natively", &*native),
        ("godwit-cpu, from Rust", &backend),
        ("the same behind the policies, from Rust", &policies),
        ("guest: one call that does nothing (the clock)", &clock),
        ("guest: tensor made and dropped", &tensor),
        ("guest: ... and computed", &compute),
        ("guest: ... and the output read back", &hosted),
        ("guest: the same on the fake backend", &fake),
    ];
    let plan = Plan { pairs: (plan.pairs / 4).max(5), ..plan };
    let mut layers = Vec::new();
    for (what, side) in sides {
        // Against the native side, in turns, so that all of them see the same machine.
        let found = compare(&*native, side, plan)?;
        let Interval { median, low, high } = found.added_ns;
        let from = found.first_ns;
        let ns = Interval { median: from + median, low: from + low, high: from + high };
        layers.push(Layer { what: what.to_owned(), ns });
    }
    Ok(layers)
}

fn allocations(bench: &Bench) -> Result<Vec<Allocations>> {
    let mut found = Vec::new();
    for rung in [echo("echo-4B", &[1]), echo("echo-602kB", &[1, 3, 224, 224])] {
        let name = rung.work.model.clone();
        let (native, backend) =
            (bench.engine.native(&rung, Callers::One)?, backend_only(bench, &rung)?);
        let hosted = host(bench, &rung, Callers::One)?;
        let policies = hosted.without_guest()?;
        let mut note = |what: &str, side: &dyn Side| -> Result<()> {
            found.push(allocations::count(&name, what, side)?);
            Ok(())
        };
        note("tract, natively", &*native)?;
        note("godwit-cpu, from Rust", &backend)?;
        note("the same behind the policies, from Rust", &policies)?;
        note("guest: one call that does nothing (the clock)", &hosted.act("clock"))?;
        note("guest: tensor made and dropped", &hosted.act("tensor"))?;
        note("guest: ... and computed", &hosted.act("compute"))?;
        note("guest: ... and the output read back", &hosted)?;
        let before = hosted.arena();
        hosted.run("run", 100)?;
        let after = hosted.arena();
        eprintln!(
            "{name}: in 100 runs the arena took {} blocks from the system and {} from its pool",
            after[0] - before[0],
            after[1] - before[1]
        );
    }
    let fake = on_fake(bench)?;
    for (what, act) in [
        ("fake backend, guest: tensor made and dropped", "tensor"),
        ("fake backend, guest: ... and computed", "compute"),
        ("fake backend, guest: ... and the output read back", "run"),
    ] {
        found.push(allocations::count("echo-4B", what, &fake.act(act))?);
    }
    Ok(found)
}

fn fresh(bench: &Bench, plan: Plan) -> Result<Interval> {
    let hosted = host(bench, &echo("echo-4B", &[1]), Callers::One)?;
    let fresh = Fresh(&hosted);
    fresh.block(20)?;
    let times: Result<Vec<f64>> =
        (0..plan.pairs).map(|_| Ok(fresh.block(50)?.as_secs_f64() * 1e9 / 50.0)).collect();
    Ok(median_interval(&[times?]))
}

fn two_threads(bench: &Bench, rung: &Rung, plan: Plan) -> Result<TwoThreads> {
    let plan = Plan { pairs: (plan.pairs / 4).max(5), block: plan.block * 2 };
    let (native, hosted) =
        (bench.engine.native(rung, Callers::Two)?, host(bench, rung, Callers::Two)?);
    let scaling = |side: &dyn Side| -> Result<Interval> {
        let Interval { median, low, high } = compare(side, &Both(side), plan)?.ratio;
        Ok(Interval { median: 2.0 / median, low: 2.0 / high, high: 2.0 / low })
    };
    Ok(TwoThreads {
        model: rung.work.model.clone(),
        guests: scaling(&hosted)?,
        native: scaling(&*native)?,
    })
}

/// What echoes cost over what they carry.
fn regression(rows: &[Row], x: impl Fn(&Row) -> f64) -> Option<Line> {
    let echoes = rows.iter().filter(|row| row.echo);
    let points: Vec<_> = echoes.map(|row| (x(row), row.comparison.added_ns.median)).collect();
    (points.len() > 2).then(|| line(&points))
}

fn peer(arguments: &Overhead) -> Result<Vec<PeerRow>> {
    if !arguments.peer.exists() {
        return Ok(Vec::new());
    }
    let bytes = fs::read(&arguments.peer)?;
    serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is not what bench-peer writes", arguments.peer.display()))
}
