//! The `godwit` command.

mod cli;
mod command;
mod deadline;
mod describe;
mod error;
mod key;
mod log;
mod option;
mod print;
mod program;
mod progress;
mod report;
mod runtime;
mod table;

use std::process::{self, ExitCode};

use clap::Parser as _;
use godwit_model::text::shown;
use godwit_platform::{FamilyOptions, PlatformOptions, config, prepare_process};

use crate::cli::{Cli, Command};
use crate::error::Result;

fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|refused| refuse(&refused));
    log::start(cli.verbose);
    // Read by the commands that look for devices only.
    let platform = || -> Result<PlatformOptions> {
        prepare_process();
        let named = cli.config.as_deref();
        if let Some(file) = config::ignored(named) {
            let file = file.display();
            print::note(&format!(
                "note: '{file}' in the current folder is not read; to use it: --config {file}\n"
            ));
        }
        let mut family = FamilyOptions::single_app();
        family.memory = cli.engine_memory();
        let verbose = (0..cli.verbose).map(|_| "-v".into());
        Ok(PlatformOptions {
            libraries: cli.libraries(),
            isolation: cli.isolate.clone(),
            worker_args: std::iter::once("worker".into()).chain(verbose).collect(),
            endpoints: config::read(named)?,
            family,
            ..PlatformOptions::single_app()
        })
    };
    let ended = match &cli.command {
        Command::Run(args) => platform().and_then(|platform| command::run(args, platform)),
        Command::Verify(args) => platform().and_then(|platform| command::verify(args, platform)),
        Command::Devices(args) => platform().and_then(|platform| command::devices(args, platform)),
        Command::Doctor(args) => platform().and_then(|platform| command::doctor(args, &platform)),
        Command::Inspect(args) => platform().and_then(|platform| command::inspect(args, platform)),
        Command::Audit(args) => platform().and_then(|platform| command::audit(args, &platform)),
        Command::Engines(args) => command::engines(args, &cli.libraries()),
        Command::Compile(args) => command::compile(args),
        Command::Worker(args) => command::worker(args),
        Command::Compiler => Ok(godwit_host::serve_compiler()),
        Command::Completions(args) => command::completions(args),
    };
    ended.unwrap_or_else(|error| {
        print::error(&error);
        ExitCode::from(error.code())
    })
}

/// Shows the help that was asked for, or what is wrong with the command line. That is quoted, and may hold the names of
/// somebody else's files: so it is parsed again as it can be shown.
fn refuse(refused: &clap::Error) -> ! {
    let visible = std::env::args_os().map(|argument| shown(&argument.to_string_lossy()));
    if let Err(same) = Cli::try_parse_from(visible) {
        same.exit();
    }
    print::note(&refused.to_string());
    process::exit(i32::from(error::Code::Usage as u8));
}
