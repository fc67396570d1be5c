//! `cargo xtask fuzz`: tries inputs, and prints what was tried.

#![allow(clippy::print_stdout, reason = "it reports to the person who started it")]

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;
use godwit_fuzz::{Session, TARGETS};

#[derive(Parser)]
struct Arguments {
    /// How long each target is fuzzed.
    #[arg(long, default_value_t = 3600)]
    seconds: u64,
    /// One target instead of all.
    #[arg(long)]
    target: Option<String>,
    /// The number that every input follows from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The input to begin with.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// End after this many calls, if that is sooner.
    #[arg(long)]
    calls: Option<u64>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let names = TARGETS.iter().map(|(name, _)| *name);
    let names: Vec<&str> = match &arguments.target {
        Some(name) => vec![name],
        None => names.collect(),
    };
    println!("| target | inputs | calls | seconds | failures |\n|---|---:|---:|---:|---:|");
    for name in names {
        let mut session = Session::open(name, arguments.seed)?;
        let begun = Instant::now();
        let time = Duration::from_secs(arguments.seconds);
        let count = session.run(time, arguments.calls, arguments.from)?;
        let seconds = begun.elapsed().as_secs();
        println!("| {name} | {} | {} | {seconds} | 0 |", count.inputs, count.calls);
    }
    Ok(())
}
