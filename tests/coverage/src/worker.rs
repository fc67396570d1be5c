//! The child process: one backend, a case a line in, an outcome a line out.

use std::io::{BufRead, Write};
use std::path::Path;

use anyhow::{Context, Result};

use crate::child::{Said, say};
use crate::judge::judge;
use crate::{Outcome, Verdict, backends, cases};

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
    say(&mut output, &Said::<Outcome>::Ready { driver: device.driver.clone() })?;
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
