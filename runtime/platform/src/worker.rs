//! A family in a process of its own: how that is started, and what it does.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use godwit_backend::{Error, Result};
use godwit_worker::again;

use crate::{Family, Libraries, PlatformOptions};

/// The command that starts this program as the worker of a family.
pub(crate) fn command(
    family: &str,
    library: Option<&Path>,
    options: &PlatformOptions,
) -> Result<impl Fn() -> Command + Send + Sync + 'static> {
    let unstartable =
        |error| Error::unavailable("this program cannot be started as a worker").with_source(error);
    let program = again().map_err(|error| unstartable(error.to_string()))?;
    let settings = serde_json::to_string(&options.family);
    let settings = settings.map_err(|error| unstartable(error.to_string()))?;
    let mut arguments = options.worker_args.clone();
    arguments.extend([OsString::from(family), settings.into()]);
    arguments.extend(library.map(|library| library.into()));
    Ok(move || {
        let mut command = Command::new(program.get_program());
        command.args(program.get_args()).args(&arguments);
        command
    })
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
    godwit_worker::serve(|| {
        let family = Family::by_name(family)?;
        let options = options.map(serde_json::from_str).transpose().map_err(|error| {
            Error::invalid_argument("the worker's options cannot be read").with_source(error)
        })?;
        let library = library.and_then(|path| Some((family.engine?, path)));
        let libraries: Libraries = library.into_iter().collect();
        family.open(&libraries, &options.unwrap_or_default())
    })
}
