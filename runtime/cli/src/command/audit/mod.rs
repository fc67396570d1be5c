mod facts;
mod local;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueHint};
use godwit_platform::{ModelSpec, PlatformOptions};

use self::facts::AuditFacts;
use crate::error::{Code, Result};
use crate::option::model;
use crate::print;

const EXAMPLES: &str = "\
Examples:
  godwit audit digits.wasm --model digits=digits.onnx
      what the app and its model need, and which devices here have it
  godwit audit digits.wasm --model digits=digits.onnx --fleet fleet.toml
      the same for machines that are elsewhere, as fleet.toml describes them
  godwit audit app.wasm --model m=m.onnx --fleet fleet.toml --fleet-only --json
      the fleet alone, for a program to read

A fleet file:
  [[machine]]
  name = \"edge-1\"
  [[machine.device]]
  id = \"openvino-cpu:0\"
  engine = \"openvino 2026.4.1\"
  memory = \"16GiB\"

Exit codes of this command:
  0    the imports are there, and at least one device can run every model given
  65   the app imports what this host does not have
  69   no device can run every model given, as far as is known";

/// Say what an app and its models need, and which devices can give it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AuditArgs {
    /// A component or a core module.
    #[arg(value_name = "APP.wasm", value_hint = ValueHint::FilePath)]
    app: PathBuf,

    /// A model that the app will be offered, as for `godwit run`. Repeat it for more models.
    #[arg(short, long = "model", value_name = "NAME=PATH[,encoding=ENCODING]", value_parser = model)]
    models: Vec<ModelSpec>,

    /// Platforms that are elsewhere, and their devices.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    fleet: Option<PathBuf>,

    /// Leave out the devices of this machine.
    #[arg(long, requires = "fleet")]
    fleet_only: bool,

    /// What dimensions that a model leaves open are taken for when its memory is estimated.
    #[arg(long, value_name = "N", default_value_t = 1)]
    rows: u64,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn audit(args: &AuditArgs, options: &PlatformOptions) -> Result<ExitCode> {
    let facts = AuditFacts::of(args, options)?;
    if args.json {
        print::json(&facts)?;
    } else {
        print::text(&text::human(&facts))?;
    }
    Ok(if !facts.app.missing().is_empty() {
        ExitCode::from(Code::Program as u8)
    } else if facts.suited.is_empty() {
        ExitCode::from(Code::Device as u8)
    } else {
        ExitCode::SUCCESS
    })
}
