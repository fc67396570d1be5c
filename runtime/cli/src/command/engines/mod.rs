mod install;
mod list;
mod remove;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use clap::{Args, Subcommand};
use godwit_engines::{ENGINES, Engine, Environment, InstallError, NoFolder};
use godwit_platform::Libraries;

use crate::error::{CliError, Code, Result};

const EXAMPLES: &str = "\
Examples:
  godwit engines list
      show which engines were found, where, and which can be installed
  godwit engines install openvino
  godwit engines remove openvino

Engines are installed into the folder GODWIT_ENGINES, an absolute path, by default godwit/engines in \
the user's data folder. They are loaded only as they were installed; a library that --library or a \
variable names is loaded as it is.
Engines that are installed elsewhere are found too: see 'godwit devices'.";

/// Install, list and remove the native libraries that run models.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct EnginesArgs {
    #[command(subcommand)]
    command: EnginesCommand,
}

#[derive(Debug, Subcommand)]
enum EnginesCommand {
    List(list::ListArgs),
    Install(install::InstallArgs),
    Remove(remove::RemoveArgs),
}

pub(crate) fn engines(args: &EnginesArgs, libraries: &Libraries) -> Result<ExitCode> {
    let environment = Environment::of_process();
    match &args.command {
        EnginesCommand::List(args) => list::list(args, &environment, libraries),
        EnginesCommand::Install(args) => install::install(args, &folder(&environment)?),
        EnginesCommand::Remove(args) => remove::remove(args, &folder(&environment)?),
    }
    .map(|()| ExitCode::SUCCESS)
}

/// Takes the name of an engine, and knows them all.
fn engine() -> impl clap::builder::TypedValueParser<Value = &'static Engine> {
    let names =
        ENGINES.map(|engine| clap::builder::PossibleValue::new(engine.name).help(engine.summary));
    PossibleValuesParser::new(names).try_map(|name| Engine::by_name(&name).ok_or("unknown engine"))
}

fn folder(environment: &Environment) -> Result<PathBuf> {
    environment.engines_folder().map_err(|none| match none {
        NoFolder::Unset => CliError::new(Code::File, "no folder for engines is configured")
            .why("neither GODWIT_ENGINES nor HOME is set")
            .help("set GODWIT_ENGINES to a folder"),
        NoFolder::Relative(folder) => {
            let folder = folder.display();
            CliError::new(Code::File, format!("GODWIT_ENGINES is '{folder}', a relative path"))
                .why("libraries would be loaded from whatever folder is the current one")
                .help(format!(
                    "set it to an absolute path: export GODWIT_ENGINES=\"$PWD/{folder}\""
                ))
        }
    })
}

fn failed(what: String, error: &InstallError) -> CliError {
    let code = match error {
        InstallError::Io { .. } | InstallError::DiskFull(_) => Code::File,
        _ => Code::Device,
    };
    CliError::new(code, what).why(error.to_string()).help(error.remedy())
}

fn size(bytes: u64) -> String {
    bytesize::ByteSize(bytes).display().si().to_string()
}
