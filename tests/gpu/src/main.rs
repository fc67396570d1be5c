//! Everything that only a machine with a GPU can prove, as one program: `cargo xtask gpu pack` puts it
//! into a folder that runs where nothing can be built or fetched.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it reports to the person who started it"
)]

mod machine;
mod report;
mod step;
mod stopwatch;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::machine::Machine;
use crate::report::{Outcome, Report, StepReport};

/// Runs the conformance suite, the demos and the measurements on a GPU and writes what came out.
#[derive(Debug, Parser)]
struct Args {
    /// The device
    #[arg(long, default_value = "cuda:0")]
    device: String,
    /// The folder with `godwit`, the guests and the models
    #[arg(long, default_value = ".")]
    pack: PathBuf,
    /// Where gpu.json and gpu.md are written
    #[arg(long, default_value = ".")]
    out: PathBuf,
    /// The file of MIGraphX's C interface, for AMD's devices
    #[arg(long, default_value = "/opt/rocm/lib/libmigraphx_c.so.3")]
    migraphx: PathBuf,
    /// What this was built from
    #[arg(long, default_value = "unknown")]
    commit: String,
    /// Run these steps only
    #[arg(long)]
    only: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<bool> {
    let machine = Machine::open(&args.device, &args.pack, &args.migraphx)?;
    let mut report = Report::new(&machine, &args.commit);
    for (name, step) in step::STEPS {
        if !args.only.is_empty() && !args.only.iter().any(|only| only == name) {
            continue;
        }
        println!("==> {name}");
        let began = std::time::Instant::now();
        // A step that panics has failed, and the next ones still count.
        let outcome = catch_unwind(AssertUnwindSafe(|| step(&machine)));
        let outcome = outcome.unwrap_or_else(|_| Err(anyhow::anyhow!("the step panicked")));
        let step = StepReport::new(name, outcome, began.elapsed());
        println!("{}", step.line());
        report.steps.push(step);
        // Written after every step: a machine that is taken away leaves what there was.
        write(args, &report)?;
    }
    Ok(report.steps.iter().all(|step| step.outcome != Outcome::Failed))
}

fn write(args: &Args, report: &Report) -> Result<()> {
    fs::create_dir_all(&args.out).context("the folder for the results could not be made")?;
    let json = serde_json::to_string_pretty(report)?;
    fs::write(args.out.join("gpu.json"), json + "\n").context("gpu.json was not written")?;
    fs::write(args.out.join("gpu.md"), report.markdown()).context("gpu.md was not written")
}
