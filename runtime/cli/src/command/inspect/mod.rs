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
      what the app imports and exports, and whether this host provides the imports
  godwit inspect digits.onnx
      the inputs and outputs of the model, and which devices of this machine can load it
  godwit inspect digits.onnx --json | jq .signature.inputs";

/// Show the imports of an app, or the inputs, outputs and operators of a model.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InspectArgs {
    /// A component, a core module, a compiled app, a model, or a folder with one model. For OpenVINO IR,
    /// the .xml file.
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// The encoding of the model, if neither its file name nor its content tells.
    #[arg(long)]
    encoding: Option<Encoding>,

    /// Also check whether this remote service has a model of the same name with the same inputs and
    /// outputs. Repeat for more services.
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
