//! `--record`: what the models were asked and answered, in a folder.

use std::path::Path;

use godwit_verify::{Tape, trace};

use crate::error::{CliError, Code, Result};

/// A tape for a folder that has no recording yet: better known before the app runs than after.
pub(super) fn tape(folder: &Path) -> Result<Tape> {
    match folder.join("trace.json").exists() {
        false => Ok(Tape::default()),
        true => {
            let what = format!("the folder '{}' already contains a recording", folder.display());
            Err(CliError::new(Code::File, what).help("use another folder, or remove it first"))
        }
    }
}

pub(super) fn keep(tape: &Tape, folder: &Path) -> Result<()> {
    let written = tape.recording().and_then(|recording| trace::write(&recording, folder));
    written.map_err(|error| {
        CliError::new(Code::File, format!("cannot write the recording to '{}'", folder.display()))
            .why(error.report())
    })
}
