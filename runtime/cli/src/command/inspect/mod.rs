mod app;
mod model;
mod sealed;

use std::path::PathBuf;
use std::process::ExitCode;

use bytesize::ByteSize;
use clap::{Args, ValueHint};
use godwit_backend::Encoding;
use godwit_platform::{PlatformOptions, files, models};

use crate::error::Result;
use crate::option::ServiceOption;
use crate::{print, program};

const EXAMPLES: &str = "\
Examples:
  godwit inspect digits.wasm
      what the app imports, whether this host has it, and what it exports
  godwit inspect digits.onnx
      what goes into the model and what comes out, and which devices here can load it
  godwit inspect digits.onnx --json | jq .signature.inputs";

/// Show what an app or a model needs and offers.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InspectArgs {
    /// A component, a core module, a compiled app or a model, or a folder that holds one model.
    /// OpenVINO IR: the .xml.
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// The encoding of a model, if neither its name nor its bytes tell.
    #[arg(long)]
    encoding: Option<Encoding>,

    /// Also ask a service elsewhere whether it has a model of this file's name that takes and gives the
    /// same. Repeat it for more.
    #[arg(long = "device", value_name = "remote=URL")]
    devices: Vec<ServiceOption>,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn inspect(args: &InspectArgs, mut options: PlatformOptions) -> Result<ExitCode> {
    options.endpoints.extend(ServiceOption::all(&args.devices));
    if args.file.is_dir() {
        let file = models::file(&args.file, args.encoding)?;
        let facts = model::ModelFacts::of(&file, args.encoding, &options)?;
        return show(args.json, &facts, model::ModelFacts::human);
    }
    let bytes = files::read("the file", &args.file)?;
    if program::is_sealed(&bytes) {
        let facts = sealed::SealedFacts::of(&args.file, &bytes)?;
        show(args.json, &facts, sealed::SealedFacts::human)
    } else if args.encoding.is_none() && bytes.starts_with(b"\0asm") {
        let facts = app::AppFacts::of(&args.file, &bytes)?;
        show(args.json, &facts, app::AppFacts::human)
    } else {
        drop(bytes);
        let facts = model::ModelFacts::of(&args.file, args.encoding, &options)?;
        show(args.json, &facts, model::ModelFacts::human)
    }
}

fn show<T: serde::Serialize>(
    json: bool,
    facts: &T,
    human: impl Fn(&T) -> String,
) -> Result<ExitCode> {
    if json {
        print::json(facts)?
    } else {
        print::text(&human(facts))?
    }
    Ok(ExitCode::SUCCESS)
}

fn size(bytes: u64) -> String {
    format!("{} ({bytes} bytes)", ByteSize(bytes).display().si())
}
