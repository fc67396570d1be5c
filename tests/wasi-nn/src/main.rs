//! Runs the suite on hosts and writes what became of it.
#![allow(clippy::print_stdout, reason = "a program that reports")]

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use godwit_wasi_nn_suite::{Host, Level, Outcome, Report, Suite, markdown, read_hosts};

const EXAMPLES: &str = "\
Example:
  wasi-nn-suite --guests target/guests --models tests/wasi-nn/models --encoding openvino \\
    --host 'wasmtime run -S nn [-S nn-graph=openvino::{dir}] --dir {folder}::/models {program} {args}'";

/// Judge wasi-nn hosts: each case is a guest that is run by the host's command.
#[derive(Parser)]
#[command(name = "wasi-nn-suite", after_help = EXAMPLES)]
struct Args {
    /// The folder of wasi-nn-component.wasm and wasi-nn-module.wasm
    #[arg(long)]
    guests: String,
    /// The folder of the models
    #[arg(long)]
    models: String,
    /// A host: its command, with {program}, {args}, {folder}, and for each model [... {name} {dir} ...]
    #[arg(long, value_name = "TEMPLATE")]
    host: Vec<String>,
    /// The encoding of the models for these hosts: openvino or onnx
    #[arg(long, default_value = "openvino")]
    encoding: String,
    /// More hosts, from a TOML file of `[[host]]` tables with name, command, encoding, about
    #[arg(long, value_name = "FILE")]
    hosts: Vec<PathBuf>,
    /// Fail for hosts whose names begin with this, and only report on the others
    #[arg(long, value_name = "NAME", default_value = "")]
    binding: String,
    /// Run only cases whose names contain this
    #[arg(long, value_name = "PART")]
    only: Option<String>,
    /// How many seconds a host may take for one case
    #[arg(long, default_value_t = 60)]
    limit: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Write JSON to this file
    #[arg(long, value_name = "FILE")]
    json_to: Option<PathBuf>,
    /// Write the tables to this file, after what stands in it up to the line `## Summary`
    #[arg(long, value_name = "FILE")]
    markdown_to: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let mut suite = Suite::new(&args.guests, &args.models)?;
    suite.limit = Duration::from_secs(args.limit);
    if let Some(part) = &args.only {
        suite.cases.retain(|case| case.name.contains(part));
    }
    ensure!(!suite.cases.is_empty(), "no case has such a name");
    let mut reports = Vec::new();
    for host in hosts(&args)? {
        reports.push(judge(&suite, &host, args.json)?);
    }
    ensure!(!reports.is_empty(), "no host: give --host or --hosts");

    let json = serde_json::to_string_pretty(&reports)? + "\n";
    if args.json {
        print!("{json}");
    }
    if let Some(path) = &args.json_to {
        fs::write(path, &json).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &args.markdown_to {
        let before = fs::read_to_string(path).unwrap_or_default();
        let before = before.split("## Summary").next().unwrap_or_default();
        let text = format!("{before}{}", markdown(&suite.cases, &reports));
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let bound = reports.iter().filter(|report| report.host.name.starts_with(&args.binding));
    let broken = |report: &Report| {
        [Outcome::Wrong, Outcome::Trap, Outcome::Crash, Outcome::Hang]
            .into_iter()
            .any(|outcome| report.count(&suite.cases, Level::Must, outcome) > 0)
    };
    Ok(if bound.into_iter().any(broken) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn hosts(args: &Args) -> Result<Vec<Host>> {
    let mut hosts = Vec::new();
    for command in &args.host {
        let name = command.split_whitespace().next().unwrap_or("host").to_owned();
        let (command, encoding) = (command.clone(), args.encoding.clone());
        let host = Host { name, command, encoding, about: String::new() };
        host.check()?;
        hosts.push(host);
    }
    for file in &args.hosts {
        hosts.extend(read_hosts(file)?);
    }
    Ok(hosts)
}

fn judge(suite: &Suite, host: &Host, quiet: bool) -> Result<Report> {
    let report = suite.judge(host, |case, verdict| {
        if !quiet && verdict.outcome != Outcome::Pass {
            println!("{:<12} {} ({})", verdict.outcome.name(), case.name, verdict.why);
        }
    })?;
    if !quiet {
        let passed = suite.cases.len() - report.failures().count();
        println!("{}: {passed} of {} cases pass", host.name, suite.cases.len());
    }
    Ok(report)
}
