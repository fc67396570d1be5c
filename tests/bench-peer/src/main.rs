//! What wasmtime's own wasi-nn adds to one inference: ONNX Runtime and OpenVINO called natively against the
//! same libraries through the same guest that measures Godwit.

mod engine;
mod hosted;
#[allow(dead_code, reason = "what the other benchmark uses")]
#[path = "../../bench/src/measure/mod.rs"]
mod measure;
mod native;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Error, Result, ensure};
use clap::Parser;
use engine::Engine;
use measure::guest::Work;
use measure::{Comparison, Plan, compare};
use serde::{Deserialize, Serialize};

#[derive(Parser)]
struct Arguments {
    /// The guest, `bench-guest.wasm`
    #[arg(long)]
    guest: PathBuf,
    /// The folder that `godwit-bench models` wrote
    #[arg(long)]
    models: PathBuf,
    /// Where to write the figures
    #[arg(long)]
    out: PathBuf,
    /// Pairs of blocks for each model
    #[arg(long, default_value_t = 100)]
    pairs: usize,
    /// How long a block lasts, in milliseconds
    #[arg(long, default_value_t = 50)]
    block_ms: u64,
}

/// `work.json`.
#[derive(Deserialize)]
struct Listing {
    onnxruntime: PathBuf,
    openvino: PathBuf,
    models: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    model: String,
    input: String,
    dims: Vec<usize>,
    /// Whether it is there as OpenVINO IR.
    ir: bool,
}

#[derive(Serialize)]
struct Row {
    engine: Engine,
    model: String,
    bytes: usize,
    comparison: Comparison,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let listing = fs::read(arguments.models.join("work.json"))?;
    let listing: Listing = serde_json::from_slice(&listing)?;
    ort::init_from(listing.onnxruntime.to_string_lossy()).commit()?;
    openvino_sys::library::load_from(&listing.openvino).map_err(Error::msg)?;
    let guest = fs::read(&arguments.guest).context("the guest cannot be read")?;
    let plan = Plan { pairs: arguments.pairs, block: Duration::from_millis(arguments.block_ms) };
    let mut rows = Vec::new();
    for engine in [Engine::OnnxRuntime, Engine::OpenVino] {
        for Listed { model, input, dims, ir } in &listing.models {
            if engine == Engine::OpenVino && !ir {
                continue;
            }
            let folder = arguments.models.join(model);
            let work = Work { model: model.clone(), input: input.clone(), dims: dims.clone() };
            let row = measure_one(engine, &guest, &folder, &work, plan)
                .with_context(|| format!("{model} could not be measured on {engine:?}"))?;
            say(&row);
            rows.push(row);
        }
    }
    fs::write(&arguments.out, serde_json::to_vec_pretty(&rows)?)?;
    Ok(())
}

fn say(row: &Row) {
    let Comparison { first_ns, added_ns, ratio, .. } = &row.comparison;
    eprintln!(
        "{:<11} {:<14} native {:>10.2} us, added {:>9.2} us [{:.2}, {:.2}], ratio {:.4} [{:.4}, {:.4}]",
        format!("{:?}", row.engine),
        row.model,
        first_ns / 1e3,
        added_ns.median / 1e3,
        added_ns.low / 1e3,
        added_ns.high / 1e3,
        ratio.median,
        ratio.low,
        ratio.high
    );
}

fn measure_one(
    engine: Engine,
    guest: &[u8],
    folder: &Path,
    work: &Work,
    plan: Plan,
) -> Result<Row> {
    let native = engine.native(folder, work)?;
    let hosted = hosted::Hosted::new(guest, engine.graph(folder)?, work)?;
    ensure!(
        native.digest()? == hosted.run("run", 1)?.digest,
        "the guest's answer is another than the native one"
    );
    let comparison = compare(&*native, &hosted, plan)?;
    Ok(Row { engine, model: work.model.clone(), bytes: work.bytes(), comparison })
}
