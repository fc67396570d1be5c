//! The child process: one backend, a case a line in, an outcome a line out.

use std::io::{BufRead, Write};
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::judge::judge;
use crate::{Outcome, Verdict, backends, cases};

/// Before every line that is ours: a library may print what it likes.
pub(crate) const MARK: &str = "@godwit-coverage ";

/// What a worker says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Said {
    /// First of all: it is ready, and this library computes.
    Ready { driver: String },
    /// The outcome of the case it was given.
    Judged(Outcome),
}

/// Serves until the input ends.
///
/// # Errors
///
/// When the backend does not open or the parent has gone.
pub fn serve(
    backend: &str,
    folder: &Path,
    input: impl BufRead,
    mut output: impl Write,
) -> Result<()> {
    let cases = cases::read(folder)?;
    let (backend, device) = backends::open(backend)?;
    say(&mut output, &Said::Ready { driver: device.driver.clone() })?;
    for line in input.lines() {
        let line = line?;
        let case = cases.iter().find(|case| case.name == line);
        let case = case.with_context(|| format!("no case is called '{line}'"))?;
        let outcome = judge(&backend, device.id.as_str(), case).unwrap_or_else(|error| {
            Outcome::new(Verdict::Crashed, format!("the case cannot be read: {error:#}"))
        });
        say(&mut output, &Said::Judged(outcome))?;
    }
    Ok(())
}

fn say(output: &mut impl Write, said: &Said) -> Result<()> {
    // On a line of its own, whatever was printed before.
    writeln!(output, "\n{MARK}{}", serde_json::to_string(said)?)?;
    Ok(output.flush()?)
}
