//! A family in a process of its own: how that is started, and what it does.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use godwit_backend::{Error, Result};
pub use godwit_worker::again;
use godwit_worker::{Confinement, Profile, SystemCalls, try_out};

use crate::{Family, FamilyOptions, Libraries, PlatformOptions};

/// Variables that every worker is given, by what their names begin with.
const VARIABLES: &[&str] = &["RUST_", "LD_LIBRARY_PATH"];

/// What a worker is told that its host may not have been: to send nothing anywhere.
const SET: &[(&str, &str)] = &[("ORT_DISABLE_TELEMETRY", "1")];

/// The files by which accelerators are driven.
const ACCELERATORS: [&str; 4] = ["/dev/nvidiactl", "/dev/kfd", "/dev/dri", "/dev/accel"];

/// The command that starts this program as the worker of a family. It inherits no variables but those listed.
pub(crate) fn command(
    family: &Family,
    library: Option<&Path>,
    options: &PlatformOptions,
) -> Result<impl Fn() -> Command + Send + Sync + 'static> {
    let unstartable =
        |error| Error::unavailable("this program cannot be started as a worker").with_source(error);
    let program = again().map_err(|error| unstartable(error.to_string()))?;
    let there = FamilyOptions { wall: options.worker_wall, ..options.family.clone() };
    let settings = serde_json::to_string(&there);
    let settings = settings.map_err(|error| unstartable(error.to_string()))?;
    let mut arguments = options.worker_args.clone();
    arguments.extend([OsString::from(family.name), settings.into()]);
    arguments.extend(library.map(|library| library.into()));
    let listed = VARIABLES.iter().chain(family.variables);
    let variables: Vec<(OsString, OsString)> = env::vars_os()
        .filter(|(name, _)| {
            let name = name.to_string_lossy();
            listed.clone().any(|begin| name.starts_with(begin))
        })
        .collect();
    Ok(move || {
        let mut command = Command::new(program.get_program());
        command.args(program.get_args()).args(&arguments).env_clear();
        command.envs(variables.iter().cloned()).envs(SET.iter().copied());
        command
    })
}

/// What the worker of a family is confined to. A driver of an accelerator needs more than a library that computes on
/// the processor: where there is one, files and system calls are not restricted.
pub(crate) fn profile(family: &Family, library: Option<&Path>, options: &FamilyOptions) -> Profile {
    let has_accelerator = ACCELERATORS.iter().any(|path| Path::new(path).exists());
    let memory = options.memory;
    match family.system_calls {
        SystemCalls::All => Profile::open(),
        _ if has_accelerator => Profile::open(),
        calls => {
            let folder = library.and_then(|library| library.canonicalize().ok());
            let folder = folder.as_deref().and_then(Path::parent).map(Path::to_path_buf);
            Profile { memory, libraries: folder.into_iter().collect(), ..Profile::processor(calls) }
        }
    }
}

/// What stands in the place of a family where a process only tells how it is confined.
pub const TRY_OUT: &str = "confinement";

/// Tells how this system confines a worker, by a process that does nothing else: this program, started with its
/// [`worker_args`](PlatformOptions::worker_args) and [`TRY_OUT`], which prints what [`try_out_confinement`] gives as
/// JSON.
///
/// # Errors
///
/// `Unavailable` when the process does not start, or does not answer so.
pub fn confinement(options: &PlatformOptions) -> Result<Confinement> {
    let unanswered =
        |why: String| Error::unavailable("no process tells how it is confined").with_source(why);
    let mut command = again().map_err(|error| unanswered(error.to_string()))?;
    let output = command.args(&options.worker_args).arg(TRY_OUT).env_clear().output();
    let output = output.map_err(|error| unanswered(error.to_string()))?;
    serde_json::from_slice(&output.stdout).map_err(|error| {
        unanswered(format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
    })
}

/// Confines this process as a worker that computes on the processor, for good, and tells how far the system does it.
///
/// # Errors
///
/// `Unavailable` when the system refuses.
pub fn try_out_confinement() -> Result<Confinement> {
    let memory = Some(1 << 30);
    try_out(&Profile { memory, ..Profile::processor(SystemCalls::Compute) })
}

/// Serves a family to the process that started this one, until that ends the connection.
///
/// A program that opens a [`Platform`](crate::Platform) is started again with its
/// [`worker_args`](PlatformOptions::worker_args), followed by the arguments of this function: the family, its
/// options as JSON, and the path of its library if it has one.
///
/// # Errors
///
/// `Unavailable` when this process was not started as a worker; else as of [`Family::open`], which the other
/// process is told too.
pub fn serve_worker(family: &str, options: Option<&str>, library: Option<PathBuf>) -> Result<()> {
    let family = Family::by_name(family)?;
    let options = options.map(serde_json::from_str).transpose().map_err(|error| {
        Error::invalid_argument("the worker's options cannot be read").with_source(error)
    })?;
    let options: FamilyOptions = options.unwrap_or_default();
    let profile = profile(family, library.as_deref(), &options);
    godwit_worker::serve(&profile, || {
        let library = library.and_then(|path| Some((family.engine?, path)));
        let libraries: Libraries = library.into_iter().collect();
        family.open(&libraries, &options)
    })
}
