use std::io::{self, Write};

use godwit_platform::files::reason;
use serde::Serialize;

use crate::error::{CliError, Code, Result};

/// Standard output; colours are dropped where it is not a terminal.
pub(crate) fn text(text: &str) -> Result<()> {
    finish(anstream::stdout().lock().write_all(text.as_bytes()))
}

/// Standard output, byte for byte.
pub(crate) fn bytes(bytes: &[u8]) -> Result<()> {
    finish(io::stdout().lock().write_all(bytes))
}

/// Standard output, as JSON for programs.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    bytes(&to_json(value)?)
}

pub(crate) fn to_json(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut json = serde_json::to_vec_pretty(value).map_err(|error| {
        CliError::new(Code::Internal, "the result cannot be written as JSON").why(error.to_string())
    })?;
    json.push(b'\n');
    Ok(json)
}

/// Standard error, where a failure to write can be told to nobody.
pub(crate) fn note(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

fn finish(written: io::Result<()>) -> Result<()> {
    match written.and_then(|()| io::stdout().flush()) {
        // The reader has seen enough: `godwit devices | head -1`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            Err(CliError::new(Code::File, "standard output cannot be written").why(reason(&error)))
        }
        Ok(()) => Ok(()),
    }
}
