use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use godwit_platform::{TRY_OUT, serve_worker, try_out_confinement};

use crate::error::{CliError, Code, Result};
use crate::print;

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
    if args.family == TRY_OUT {
        let tried = try_out_confinement().map_err(|error| {
            CliError::new(Code::Device, "this process cannot be confined").why(error.report())
        })?;
        return print::json(&tried).map(|()| ExitCode::SUCCESS);
    }
    let served = serve_worker(&args.family, args.options.as_deref(), args.library.clone());
    served.map(|()| ExitCode::SUCCESS).map_err(|error| {
        CliError::new(Code::Device, "this process cannot serve devices")
            .why(error.report())
            .help("godwit starts workers itself: godwit run --isolate FAMILY ...")
    })
}
