use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use godwit_model::text::{clean, is_hidden};
use godwit_platform::files::reason;
use serde::Serialize;

use crate::error::{CliError, Code, Result};

/// How long a reader that stands still is waited for by somebody who is late.
const BRIEF: Duration = Duration::from_millis(500);

/// Standard output. Whatever names are in the text, they do nothing to a terminal.
pub(crate) fn text(text: &str) -> Result<()> {
    bytes(clean(text).as_bytes())
}

/// Standard output, byte for byte.
pub(crate) fn bytes(bytes: &[u8]) -> Result<()> {
    finish(io::stdout().lock().write_all(bytes))
}

/// Changes when a member of any command's JSON goes, is renamed or gets another meaning: see `docs/json.md`.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a, T> {
    schema: u32,
    #[serde(flatten)]
    content: &'a T,
}

/// Standard output, as JSON for programs.
pub(crate) fn json(content: &impl Serialize) -> Result<()> {
    bytes(&document(content)?)
}

/// A command's output as JSON, with the version of its schema. `content` is an object.
pub(crate) fn document(content: &impl Serialize) -> Result<Vec<u8>> {
    to_json(&Document { schema: SCHEMA, content })
}

pub(crate) fn to_json(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut json = serde_json::to_vec_pretty(value).map_err(|error| {
        CliError::new(Code::Internal, "cannot write the result as JSON").why(error.to_string())
    })?;
    json.push(b'\n');
    // What is hidden is in strings, where JSON writes it as an escape; serde_json does so below U+0020 only.
    let text = String::from_utf8_lossy(&json);
    let is_bad = |character: char| is_hidden(character) && character != '\n';
    if !text.contains(is_bad) {
        return Ok(json);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_bad(character) {
            let mut units = [0; 2];
            let units = character.encode_utf16(&mut units).iter();
            escaped.extend(units.map(|unit| format!("\\u{unit:04x}")));
        } else {
            escaped.push(character);
        }
    }
    Ok(escaped.into_bytes())
}

/// Standard error, as [`text`]. A failure to write can be told to nobody.
pub(crate) fn note(text: &str) {
    let _ = io::stderr().lock().write_all(clean(text).as_bytes());
}

/// Standard error, with colours where it is a terminal.
pub(crate) fn error(error: &CliError) {
    let text = error.render();
    let write = move || {
        let _ = anstream::stderr().lock().write_all(text.as_bytes());
    };
    if error.is_late() { briefly(write) } else { write() }
}

/// [`note`], where nobody waits for the reader any more, because a deadline has passed.
pub(crate) fn note_briefly(text: &str) {
    let text = text.to_owned();
    briefly(move || note(&text));
}

fn briefly(write: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let write = move || {
        write();
        let _ = done.send(());
    };
    if thread::Builder::new().spawn(write).is_ok() {
        let _ = is_done.recv_timeout(BRIEF);
    }
}

fn finish(written: io::Result<()>) -> Result<()> {
    match written.and_then(|()| io::stdout().flush()) {
        // The reader has seen enough: `godwit devices | head -1`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            Err(CliError::new(Code::File, "cannot write to standard output").why(reason(&error)))
        }
        Ok(()) => Ok(()),
    }
}
