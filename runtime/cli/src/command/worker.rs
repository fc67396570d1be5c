use std::process::ExitCode;

use clap::Args;
use godwit_backend::{Error, known};

use crate::failure::{Code, Failure, Outcome};
use crate::family::FAMILIES;
use crate::option::Libraries;

/// Drive a family of devices for the godwit that starts this.
#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    /// What the ids of its devices begin with.
    #[arg(value_name = "FAMILY")]
    family: String,
}

pub(crate) fn worker(args: &WorkerArgs, libraries: &Libraries) -> Outcome<ExitCode> {
    let served = godwit_worker::serve(|| {
        let family = FAMILIES.iter().find(|family| family.name == args.family);
        let family = family.ok_or_else(|| {
            let known = known("families", &args.family, FAMILIES.iter().map(|family| family.name));
            Error::not_found(format!("there is no family '{}': {known}", args.family))
        })?;
        family.open_here(libraries)
    });
    served.map(|()| ExitCode::SUCCESS).map_err(|error| {
        Failure::new(Code::Device, "devices cannot be driven from here")
            .why(error.report())
            .help("let godwit start this itself: godwit run --isolate FAMILY ...")
    })
}
