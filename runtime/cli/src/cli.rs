use std::path::PathBuf;

use bytesize::ByteSize;
use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{ArgAction, Parser, Subcommand, ValueHint};
use godwit_backend::host_memory;
use godwit_engines::Engine;
use godwit_platform::{Isolation, Libraries};

use crate::command::{
    AuditArgs, CompileArgs, CompletionsArgs, DevicesArgs, DoctorArgs, EnginesArgs, InspectArgs,
    RunArgs, VerifyArgs, WorkerArgs,
};
use crate::error::EXIT_CODES;
use crate::option::{library, size};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXAMPLES: &str = "\
Examples:
  godwit run --model digits=digits.onnx --dir ./images::/images digits.wasm /images
      run an app that reads images and uses a model
  godwit inspect digits.wasm
      show what an app imports and exports
  godwit inspect digits.onnx
      show the inputs and outputs of a model
  godwit audit digits.wasm --model digits=digits.onnx
      show which devices can run an app and its models
  godwit devices
      list the devices of this machine
  godwit engines install openvino
      install a faster engine";

/// The section of every help text that comes last.
const GLOBAL: &str = "Global options";

/// Run AI workloads as WebAssembly components on the devices of this machine.
#[derive(Debug, Parser)]
#[command(
    name = "godwit",
    version,
    styles = STYLES,
    after_help = format!("{EXAMPLES}\n\nExit codes:\n{EXIT_CODES}"),
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    /// Log to standard error: -v shows what is loaded and run, -vv and -vvv show more. RUST_LOG takes
    /// precedence.
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = GLOBAL)]
    pub(crate) verbose: u8,

    /// Load the library of an engine from this path instead of searching for it. NAME is openvino,
    /// onnxruntime or migraphx; PATH is the file or its folder. Repeat for more engines.
    #[arg(long = "library", value_name = "NAME=PATH", value_parser = library, global = true, help_heading = GLOBAL)]
    pub(crate) libraries: Vec<(&'static Engine, PathBuf)>,

    /// Read the remote devices from this file [default: godwit/godwit.toml in the user's configuration
    /// folder, ~/.config].
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, global = true, help_heading = GLOBAL)]
    pub(crate) config: Option<PathBuf>,

    /// Run these device families in confined worker processes: a comma-separated list, 'all' or 'none'. With
    /// 'none' an engine's faults are this process's. 'strict' refuses what this system cannot confine; see
    /// `godwit doctor`.
    #[arg(long, value_name = "FAMILIES", default_value_t = Isolation::default(), global = true, help_heading = GLOBAL)]
    pub(crate) isolate: Isolation,

    /// Limit the memory that each engine takes for models and runs, in its worker process [default: for
    /// `run` 8 times the size of the models, twice --max-tensor-bytes, and 512MiB; else half of this
    /// machine's].
    #[arg(long, value_name = "SIZE", value_parser = size, global = true, help_heading = GLOBAL)]
    pub(crate) max_engine_memory: Option<ByteSize>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Bytes that an engine may take in its worker process; `run` has a default of its own.
    pub(crate) fn engine_memory(&self) -> Option<u64> {
        let given = self.max_engine_memory.map(|ByteSize(bytes)| bytes);
        let half = || host_memory().map(|memory| memory.total / 2);
        given.or_else(|| if matches!(self.command, Command::Run(_)) { None } else { half() })
    }

    /// The libraries that were given by path.
    pub(crate) fn libraries(&self) -> Libraries {
        self.libraries.iter().cloned().collect()
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Box<RunArgs>),
    Verify(Box<VerifyArgs>),
    Devices(DevicesArgs),
    Doctor(DoctorArgs),
    Engines(EnginesArgs),
    Inspect(InspectArgs),
    Audit(AuditArgs),
    Compile(CompileArgs),
    Completions(CompletionsArgs),
    #[command(hide = true)]
    Worker(WorkerArgs),
    /// Compile the app on standard input for the godwit process that started this one.
    #[command(hide = true)]
    Compiler,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
