//! The `godwit` command.

mod cli;
mod command;
mod config;
mod describe;
#[cfg(all(feature = "cuda", unix))]
mod environment;
mod failure;
mod family;
mod files;
mod key;
mod log;
mod models;
mod option;
mod print;
mod program;
mod progress;
mod remote;
mod report;
mod sources;
mod stack;
mod table;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::option::Libraries;
use crate::sources::Sources;

fn main() -> ExitCode {
    let cli = Cli::parse();
    log::start(cli.verbose);
    let libraries = Libraries::new(&cli.libraries);
    // Read by the commands that look for devices only.
    let sources = || {
        #[cfg(all(feature = "cuda", unix))]
        environment::settle();
        let isolated = cli.isolate.clone().with_verbose(cli.verbose);
        Sources::read(cli.config.as_deref(), Libraries::new(&cli.libraries), isolated)
    };
    let ended = match &cli.command {
        Command::Run(args) => sources().and_then(|sources| command::run(args, sources)),
        Command::Verify(args) => sources().and_then(|sources| command::verify(args, sources)),
        Command::Devices(args) => sources().and_then(|sources| command::devices(args, sources)),
        Command::Inspect(args) => sources().and_then(|sources| command::inspect(args, sources)),
        Command::Audit(args) => sources().and_then(|sources| command::audit(args, sources)),
        Command::Engines(args) => command::engines(args, &libraries),
        Command::Compile(args) => command::compile(args),
        Command::Worker(args) => command::worker(args, &libraries),
        Command::Completions(args) => command::completions(args),
    };
    ended.unwrap_or_else(|failure| {
        print::note(&failure.render());
        ExitCode::from(failure.code())
    })
}
