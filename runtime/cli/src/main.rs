//! The `godwit` command.

mod cli;
mod command;
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
mod report;
mod stack;
mod table;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::option::Libraries;

fn main() -> ExitCode {
    let cli = Cli::parse();
    log::start(cli.verbose);
    let libraries = Libraries::new(&cli.libraries);
    let ended = match &cli.command {
        Command::Run(args) => command::run(args, &libraries),
        Command::Verify(args) => command::verify(args, &libraries),
        Command::Devices(args) => command::devices(args, &libraries),
        Command::Inspect(args) => command::inspect(args, &libraries),
        Command::Engines(args) => command::engines(args, &libraries),
        Command::Compile(args) => command::compile(args),
        Command::Completions(args) => command::completions(args),
    };
    ended.unwrap_or_else(|failure| {
        print::note(&failure.render());
        ExitCode::from(failure.code())
    })
}
