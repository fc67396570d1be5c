use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use godwit_platform::serve_worker;

use crate::error::{CliError, Code, Result};

/// Serve a device family to the godwit process that started this one.
#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    /// The family, which the ids of its devices begin with.
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
        CliError::new(Code::Device, "this process cannot serve devices")
            .why(error.report())
            .help("godwit starts workers itself: godwit run --isolate FAMILY ...")
    })
}
