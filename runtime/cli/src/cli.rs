use std::path::PathBuf;

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{ArgAction, Parser, Subcommand, ValueHint};
use godwit_engines::Engine;
use godwit_platform::{Isolation, Libraries};

use crate::command::{
    AuditArgs, CompileArgs, CompletionsArgs, DevicesArgs, EnginesArgs, InspectArgs, RunArgs,
    VerifyArgs, WorkerArgs,
};
use crate::error::EXIT_CODES;
use crate::option::library;

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
      see what an app needs, before running it
  godwit inspect digits.onnx
      see what goes into a model and what comes out
  godwit audit digits.wasm --model digits=digits.onnx
      see which devices can run an app and its models
  godwit devices
      see what models can run on here
  godwit engines install openvino
      make models run faster here";

/// Run AI workloads as WebAssembly components on whatever this machine has.
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
    /// Log to standard error: -v for what is loaded and run, -vv and -vvv for more; RUST_LOG, where
    /// set, decides instead.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,

    /// Load an engine's library from here, and nowhere else. NAME is openvino, onnxruntime or migraphx;
    /// PATH is the file, or a folder with it.
    #[arg(long = "library", value_name = "NAME=PATH", value_parser = library, global = true)]
    pub(crate) libraries: Vec<(&'static Engine, PathBuf)>,

    /// Read the devices that are services elsewhere from this file, instead of from godwit.toml where
    /// that lies in the current folder.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, global = true)]
    pub(crate) config: Option<PathBuf>,

    /// Drive these families of devices from processes of their own: what ends such a process ends nothing
    /// else. A list with commas, or 'all', or 'none'.
    #[arg(long, value_name = "FAMILIES", default_value_t = Isolation::default(), global = true)]
    pub(crate) isolate: Isolation,

    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// The libraries that were given by path.
    pub(crate) fn libraries(&self) -> Libraries {
        self.libraries.iter().cloned().collect()
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunArgs),
    Verify(Box<VerifyArgs>),
    Devices(DevicesArgs),
    Engines(EnginesArgs),
    Inspect(InspectArgs),
    Audit(AuditArgs),
    Compile(CompileArgs),
    Completions(CompletionsArgs),
    #[command(hide = true)]
    Worker(WorkerArgs),
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
