use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use godwit_platform::serve_worker;

use crate::error::{CliError, Code, Result};

/// Drive a family of devices for the godwit that starts this.
#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    /// What the ids of its devices begin with.
    #[arg(value_name = "FAMILY")]
    family: String,

    /// What the family is opened with, as JSON.
    #[arg(value_name = "OPTIONS")]
    options: Option<String>,

    /// The library of the family.
    #[arg(value_name = "LIBRARY")]
    library: Option<PathBuf>,
}

pub(crate) fn worker(args: &WorkerArgs) -> Result<ExitCode> {
    let served = serve_worker(&args.family, args.options.as_deref(), args.library.clone());
    served.map(|()| ExitCode::SUCCESS).map_err(|error| {
        CliError::new(Code::Device, "devices cannot be driven from here")
            .why(error.report())
            .help("let godwit start this itself: godwit run --isolate FAMILY ...")
    })
}
