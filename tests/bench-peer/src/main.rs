//! What wasmtime's own wasi-nn adds to one inference: ONNX Runtime called natively against the same
//! library through the same guest that measures Godwit.

mod hosted;
#[allow(dead_code, reason = "what the other benchmark uses")]
#[path = "../../bench/src/measure/mod.rs"]
mod measure;
mod native;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use measure::guest::Work;
use measure::{Comparison, Plan, compare};
use serde::{Deserialize, Serialize};

#[derive(Parser)]
struct Arguments {
    /// The guest, `bench-guest.wasm`
    #[arg(long)]
    guest: PathBuf,
    /// The models and what goes into them, as `godwit-bench models` wrote them
    #[arg(long)]
    models: PathBuf,
    /// ONNX Runtime's library, of version 1.22 or later
    #[arg(long)]
    onnxruntime: PathBuf,
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

/// One line of `models.json`.
#[derive(Deserialize)]
struct Listed {
    model: String,
    input: String,
    dims: Vec<usize>,
}

#[derive(Serialize)]
struct Row {
    model: String,
    bytes: usize,
    comparison: Comparison,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    ort::init_from(arguments.onnxruntime.to_string_lossy()).commit()?;
    let guest = fs::read(&arguments.guest).context("the guest cannot be read")?;
    let plan = Plan { pairs: arguments.pairs, block: Duration::from_millis(arguments.block_ms) };
    let listed = fs::read(arguments.models.join("models.json"))?;
    let mut rows = Vec::new();
    for Listed { model, input, dims } in serde_json::from_slice::<Vec<Listed>>(&listed)? {
        let folder = arguments.models.join(&model);
        let work = Work { model, input, dims };
        let row = measure_one(&guest, &folder, &work, plan)
            .with_context(|| format!("{} could not be measured", work.model))?;
        let Comparison { first_ns, added_ns, ratio, .. } = &row.comparison;
        eprintln!(
            "{:<14} native {:>10.2} us, added {:>9.2} us [{:.2}, {:.2}], ratio {:.4} [{:.4}, {:.4}]",
            row.model,
            first_ns / 1e3,
            added_ns.median / 1e3,
            added_ns.low / 1e3,
            added_ns.high / 1e3,
            ratio.median,
            ratio.low,
            ratio.high
        );
        rows.push(row);
    }
    fs::write(&arguments.out, serde_json::to_vec_pretty(&rows)?)?;
    Ok(())
}

fn measure_one(guest: &[u8], folder: &Path, work: &Work, plan: Plan) -> Result<Row> {
    let native = native::Native::new(&fs::read(folder.join("model.onnx"))?, work)?;
    let hosted = hosted::Hosted::new(guest, folder, work)?;
    ensure!(
        native.digest()? == hosted.run("run", 1)?.digest,
        "the guest's answer is another than the native one"
    );
    let comparison = compare(&native, &hosted, plan)?;
    Ok(Row { model: work.model.clone(), bytes: work.bytes(), comparison })
}
