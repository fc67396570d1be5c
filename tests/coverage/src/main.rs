//! `godwit-coverage`: runs the operator tests and writes what came of them.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program reports to the person who started it"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use godwit_coverage::baseline::{self, Baseline};
use godwit_coverage::hostile::{self, Fate};
use godwit_coverage::supervise::{Coverage, Plan, cover};
use godwit_coverage::{Case, Verdict, backends, cases, report, worker};
use indicatif::{ProgressBar, ProgressStyle};

/// Runs ONNX's operator tests through the contract on every backend.
#[derive(Parser)]
struct Coverages {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every case on every backend and write the report
    Report {
        /// The folder of the cases
        #[arg(long)]
        cases: PathBuf,
        /// Only this backend; nothing is written
        #[arg(long)]
        backend: Option<String>,
        /// Only cases whose name contains this; nothing is written
        #[arg(long)]
        only: Option<String>,
        /// The repository's root, below which the report is written
        #[arg(long, default_value = ".")]
        root: PathBuf,
        /// Seconds that one case may take
        #[arg(long, default_value_t = 30)]
        limit: u64,
    },
    /// Run hostile models on devices, beside another tenant
    Hostile {
        /// Only this device
        #[arg(long)]
        device: Option<String>,
        /// What the models are made from
        #[arg(long, default_value_t = hostile::SEED)]
        seed: u64,
        /// Only models whose name contains this
        #[arg(long, default_value = "")]
        only: String,
        /// Put the engine into the host's process and refuse nothing, to measure it
        #[arg(long)]
        bare: bool,
        /// The repository's root
        #[arg(long, default_value = ".")]
        root: PathBuf,
        /// Seconds that one model may take
        #[arg(long, default_value_t = 30)]
        limit: u64,
    },
    /// Be the host that is attacked
    #[command(hide = true)]
    Victim {
        #[arg(long)]
        device: String,
        #[arg(long)]
        seed: u64,
        #[arg(long)]
        bare: bool,
    },
    /// Be a worker process of that host
    #[command(hide = true)]
    Engine { family: String, options: Option<String>, library: Option<PathBuf> },
    /// Serve cases to another of these processes
    #[command(hide = true)]
    Worker {
        #[arg(long)]
        backend: String,
        #[arg(long)]
        cases: PathBuf,
    },
}

fn main() -> ExitCode {
    let done = match Coverages::parse().task {
        Task::Worker { backend, cases } => enter(&backend).and_then(|()| {
            worker::serve(&backend, &cases, std::io::stdin().lock(), std::io::stdout().lock())
                .map(|()| true)
        }),
        Task::Victim { device, seed, bare } => enter(&device).and_then(|()| {
            hostile::serve(&device, seed, bare, std::io::stdin().lock(), std::io::stdout().lock())
                .map(|()| true)
        }),
        Task::Engine { family, options, library } => {
            let served = godwit_platform::serve_worker(&family, options.as_deref(), library);
            served.map(|()| true).map_err(Into::into)
        }
        Task::Hostile { device, seed, only, bare, root, limit } => {
            attack(device.as_deref(), seed, (&only, bare), &root, limit)
        }
        Task::Report { cases, backend, only, root, limit } => {
            run(&cases, backend.as_deref(), only.as_deref(), &root, limit)
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Goes where the library of `backend` can be loaded.
fn enter(backend: &str) -> Result<()> {
    if backend.split('-').next() == Some(backends::ROCM) {
        godwit_fixtures::migraphx::enter()
    } else {
        Ok(())
    }
}

/// Whether no backend has a defect that is not known.
fn run(
    folder: &Path,
    backend: Option<&str>,
    only: Option<&str>,
    root: &Path,
    limit: u64,
) -> Result<bool> {
    let mut cases = cases::read(folder)?;
    cases.retain(|case| only.is_none_or(|only| case.name.contains(only)));
    let logs = root.join("target/coverage");
    fs::create_dir_all(&logs)?;
    let mut coverages = Vec::new();
    for name in backends::NAMES.iter().filter(|name| backend.is_none_or(|it| it == **name)) {
        let plan = Plan {
            program: std::env::current_exe()?,
            folder: folder.to_owned(),
            limit: Duration::from_secs(limit),
            log: logs.join(format!("{name}.log")),
        };
        coverages.push(watch(&plan, name, &cases)?);
    }
    let before = Baseline::read(root).unwrap_or_default();
    if backend.is_none() && only.is_none() {
        write(root, "docs/operator-coverage.md", report::page(&cases, &coverages))?;
        let json = serde_json::to_string_pretty(&report::json(&cases, &coverages))?;
        write(root, "target/coverage/report.json", json + "\n")?;
        let baseline = serde_json::to_string_pretty(&Baseline::of(&coverages, &cases, &before))?;
        write(root, baseline::FILE, baseline + "\n")?;
    }
    let known =
        |it: &Coverage| it.defects(&cases).all(|(case, _)| before.knows(&it.backend, &case.name));
    Ok(coverages.iter().all(known))
}

/// Whether no host ended and nobody saw what is another's.
fn attack(
    device: Option<&str>,
    seed: u64,
    (only, bare): (&str, bool),
    root: &Path,
    limit: u64,
) -> Result<bool> {
    let logs = root.join("target/coverage");
    fs::create_dir_all(&logs)?;
    let mut is_safe = true;
    for name in hostile::DEVICES.iter().filter(|name| device.is_none_or(|it| it == **name)) {
        let plan = hostile::Plan {
            program: std::env::current_exe()?,
            seed,
            only: only.to_owned(),
            step: 1,
            bare,
            limit: Duration::from_secs(limit),
            log: logs.join(format!("hostile-{name}.log")),
        };
        let report = hostile::watch(&plan, name, |model, found| {
            if found.fate.is_harm() || found.fate == Fate::Worker || !only.is_empty() {
                println!("    {name}: {}: {}: {}", model.name, found.fate.name(), found.why);
            }
        })?;
        let counts = Fate::ALL.map(|it| format!("{} {}", report.count(it), it.name()));
        println!("    {name} ({}): {}", report.driver, counts.join(", "));
        is_safe &= report.harm().next().is_none();
    }
    let page = fs::read_to_string(root.join(hostile::PAGE)).context(hostile::PAGE)?;
    let renewed = hostile::renew(&page)?;
    if renewed != page {
        write(root, hostile::PAGE, renewed)?;
    }
    Ok(is_safe)
}

fn watch(plan: &Plan, name: &str, cases: &[Case]) -> Result<Coverage> {
    let bar = ProgressBar::new(cases.len() as u64);
    let style = "    {prefix:<12} {bar:30} {pos}/{len} {msg}";
    bar.set_style(ProgressStyle::with_template(style)?);
    bar.set_prefix(name.to_owned());
    let coverage = cover(plan, name, cases, |case, outcome| {
        if outcome.verdict.is_defect() {
            let (verdict, reason) = (outcome.verdict.name(), &outcome.reason);
            bar.suspend(|| println!("    {name}: {} {verdict}: {reason}", case.name));
        }
        bar.set_message(case.name.clone());
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    let counts = Verdict::ALL.map(|it| format!("{} {}", coverage.count(it), it.name()));
    println!("    {name} ({}): {}", coverage.driver, counts.join(", "));
    Ok(coverage)
}

fn write(root: &Path, name: &str, text: String) -> Result<()> {
    let path = root.join(name);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&path, text).with_context(|| name.to_owned())?;
    println!("    wrote {name}");
    Ok(())
}
