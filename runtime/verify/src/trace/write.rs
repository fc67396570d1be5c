use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use godwit_backend::{Error, Result};

use super::format::{FORMAT, File, Named, Run, VERSION};
use super::{FILE, TENSORS};
use crate::files;
use crate::recording::Recording;

/// Writes `recording` into `folder`, which is made if it is not there.
///
/// # Errors
///
/// - `InvalidArgument`: there is a trace in it already;
/// - `Failed`: the files cannot be written.
pub fn write(recording: &Recording, folder: &Path) -> Result<()> {
    let tensors = folder.join(TENSORS);
    if folder.join(FILE).exists() {
        return Err(Error::invalid_argument("the folder already contains a trace"));
    }
    fs::create_dir_all(&tensors).map_err(|error| {
        Error::failed("cannot create the folder of the trace").with_source(error)
    })?;
    let mut written = BTreeSet::new();
    for run in &recording.runs {
        for captured in run.inputs.iter().chain(&run.outputs) {
            if written.insert(captured.digest) {
                let path = tensors.join(format!("{}.bin", captured.digest));
                files::write(
                    "a tensor of the trace",
                    &path,
                    crate::compare::host(&captured.tensor)?,
                )?;
            }
        }
    }
    let runs = recording.runs.iter().map(|run| Run {
        load: run.load,
        inputs: run.inputs.iter().map(Named::from).collect(),
        outputs: run.outputs.iter().map(Named::from).collect(),
        failure: run.failure.clone(),
        seconds: run.seconds.clone(),
        unsteady: run.unsteady,
    });
    let file = File {
        format: FORMAT.into(),
        version: VERSION,
        loads: recording.loads.clone(),
        runs: runs.collect(),
    };
    files::write("the trace", &folder.join(FILE), &files::json("the trace", &file)?)
}
