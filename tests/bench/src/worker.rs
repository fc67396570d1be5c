//! What a process of its own adds to an inference: the same backend here and behind a worker, in turns.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use comfy_table::{CellAlignment, Table, presets};
use godwit_backend::Backend;
use godwit_platform::PlatformOptions;
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::engine::{Callers, Engine};
use crate::hosted::Direct;
use crate::ladder::{Rung, ladder};
use crate::machine::{self, Machine};
use crate::measure::stats::Interval;
use crate::measure::{Comparison, Plan, compare};

/// Models of the ladder that are measured: three sizes, and two that compute.
const MODELS: [&str; 5] = ["echo-4B", "echo-64kB", "echo-602kB", "matmul-chain", "mobilenet"];

#[derive(Debug, Serialize)]
struct Report {
    machine: Machine,
    engine: Engine,
    blocks: usize,
    block_ms: u64,
    rows: Vec<Row>,
}

/// First: the backend in this process. Second: in a process of its own.
#[derive(Debug, Serialize)]
struct Row {
    model: String,
    bytes: usize,
    comparison: Comparison,
}

pub(crate) fn worker(arguments: &crate::WorkerArguments) -> Result<()> {
    let (pairs, block) = match arguments.quick {
        true => (10, 20),
        false => (arguments.blocks.max(2), arguments.block_ms),
    };
    let plan = Plan { pairs, block: Duration::from_millis(block) };
    let engine = arguments.engine;
    let runtime = Arc::new(Runtime::new()?);
    let here = engine.backend()?;
    let separate = separate(engine)?;
    let mut rows = Vec::new();
    for rung in ladder().into_iter().filter(|rung| MODELS.contains(&&*rung.work.model)) {
        eprintln!("{}", rung.work.model);
        let first = direct(&runtime, &*here, engine, &rung)?;
        let second = direct(&runtime, &*separate, engine, &rung)?;
        let comparison = compare(&first, &second, plan)?;
        let bytes = rung.work.dims.iter().product::<usize>() * size_of::<f32>();
        rows.push(Row { model: rung.work.model, bytes, comparison });
    }
    let mut machine = Machine::look();
    machine.load_after = machine::load();
    let report = Report { machine, engine, blocks: plan.pairs, block_ms: block, rows };
    fs::create_dir_all(&arguments.out)?;
    let json = arguments.out.join("worker.json");
    fs::write(&json, serde_json::to_string_pretty(&report)? + "\n")?;
    println!("{}\nwritten: {}", text(&report), json.display());
    Ok(())
}

/// The same family in a process of its own, which `main` serves.
fn separate(engine: Engine) -> Result<Arc<dyn Backend>> {
    let family = engine.family()?;
    let options = PlatformOptions {
        isolation: family.name.parse().map_err(|error: String| anyhow!(error))?,
        worker_args: vec!["serve".into()],
        ..PlatformOptions::single_app()
    };
    let (backend, _) = family.start(&options).map_err(|absent| anyhow!(absent.why))?;
    Ok(backend)
}

fn direct(
    runtime: &Arc<Runtime>,
    backend: &dyn Backend,
    engine: Engine,
    rung: &Rung,
) -> Result<Direct> {
    let (model, target) = engine.model(rung, Callers::One);
    let graph = runtime.block_on(backend.load(&model, &target))?;
    Direct::new(runtime.clone(), graph, &rung.work)
}

fn text(report: &Report) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["model", "bytes in", "here, us", "in a process, us", "added, us", "ratio"]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for Row { model, bytes, comparison } in &report.rows {
        let Interval { median, low, high } = comparison.added_ns;
        let us = |ns: f64| ns / 1e3;
        let ratio = comparison.ratio;
        table.add_row([
            model.clone(),
            bytes.to_string(),
            format!("{:.1}", us(comparison.first_ns)),
            format!("{:.1}", us(comparison.second_ns)),
            format!("{:.1} [{:.1}, {:.1}]", us(median), us(low), us(high)),
            format!("{:.3} [{:.3}, {:.3}]", ratio.median, ratio.low, ratio.high),
        ]);
    }
    format!(
        "{}\n{}, from Rust; {} pairs of blocks of {} ms, A-B-B-A; median [95 % interval]\n\n{table}",
        report.machine,
        report.engine.name(),
        report.blocks,
        report.block_ms,
    )
}
