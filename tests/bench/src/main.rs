//! What the sandbox adds to one inference: each engine called natively against the same engine called by a
//! guest, in one process and in turns. `docs/performance.md` says what is measured and what came out.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reports to the person who started it"
)]
#![allow(clippy::indexing_slicing, reason = "arrays of two, indexed by 0 and 1")]

mod allocations;
mod counter;
mod engine;
mod hosted;
mod ladder;
mod machine;
mod measure;
mod memcpy;
mod native;
mod overhead;
mod plot;
mod remote;
mod report;
mod table;
#[cfg(target_os = "linux")]
mod worker;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure what a guest's inference takes beyond the same one made natively
    Overhead(Overhead),
    /// Measure what a guest's call to a server takes beyond the same one by a bare client
    Remote(RemoteArguments),
    /// Measure what a process of its own adds to an inference
    #[cfg(target_os = "linux")]
    Worker(WorkerArguments),
    /// Serve an engine to `worker`, which starts this
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    Serve { family: String, options: Option<String>, library: Option<PathBuf> },
    /// Write the models that are measured as DIR/NAME/model.onnx, for the comparison with the peer
    Models { dir: PathBuf },
}

#[derive(clap::Args)]
struct Overhead {
    /// The guest, built by `cargo xtask bench overhead`
    #[arg(long, default_value = "target/wasm32-wasip2/guest/bench-guest.wasm")]
    guest: PathBuf,
    /// Pairs of blocks for each model
    #[arg(long, default_value_t = 200)]
    blocks: usize,
    /// How long a block lasts, in milliseconds
    #[arg(long, default_value_t = 50)]
    block_ms: u64,
    /// About a minute: few, short blocks, and no ResNet-50
    #[arg(long)]
    quick: bool,
    /// Only these libraries
    #[arg(long, value_enum)]
    engine: Vec<engine::Engine>,
    /// Only these models
    #[arg(long, value_name = "MODEL")]
    only: Vec<String>,
    /// Where overhead.json and overhead.svg go
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
    /// What `bench-peer` found, to be shown beside
    #[arg(long, default_value = "target/bench/peer.json")]
    peer: PathBuf,
}

#[derive(clap::Args)]
struct RemoteArguments {
    /// The guest, built by `cargo xtask bench remote`
    #[arg(long, default_value = "target/wasm32-wasip2/guest/bench-guest.wasm")]
    guest: PathBuf,
    /// Pairs of blocks for each model
    #[arg(long, default_value_t = 100)]
    blocks: usize,
    /// How long a block lasts, in milliseconds
    #[arg(long, default_value_t = 100)]
    block_ms: u64,
    /// Few, short blocks
    #[arg(long)]
    quick: bool,
    /// Where remote.json goes
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
}

#[cfg(target_os = "linux")]
#[derive(clap::Args)]
struct WorkerArguments {
    /// The library
    #[arg(long, value_enum, default_value = "onnxruntime")]
    engine: engine::Engine,
    /// Pairs of blocks for each model
    #[arg(long, default_value_t = 100)]
    blocks: usize,
    /// How long a block lasts, in milliseconds
    #[arg(long, default_value_t = 50)]
    block_ms: u64,
    /// Few, short blocks
    #[arg(long)]
    quick: bool,
    /// Where worker.json goes
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Overhead(arguments) => overhead::overhead(&arguments),
        Command::Remote(arguments) => remote::remote(&arguments),
        #[cfg(target_os = "linux")]
        Command::Worker(arguments) => worker::worker(&arguments),
        #[cfg(target_os = "linux")]
        Command::Serve { family, options, library } => {
            Ok(godwit_platform::serve_worker(&family, options.as_deref(), library)?)
        }
        Command::Models { dir } => ladder::write(&dir),
    }
}
