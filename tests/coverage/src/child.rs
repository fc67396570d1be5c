//! A child process that is asked line by line, watched, and may end.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::marker::PhantomData;
use std::path::Path;
use std::process::{Child as Process, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Before every line that is ours: a library may print what it likes.
const MARK: &str = "@godwit-coverage ";

/// How long a child may take to open its backend.
const OPENING: Duration = Duration::from_secs(60);

/// What a child says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Said<T> {
    /// First of all: it is ready, and this library computes.
    Ready { driver: String },
    /// What it found.
    Judged(T),
}

/// What became of a question.
#[derive(Debug)]
pub(crate) enum Answer<T> {
    /// An answer.
    Given(T),
    /// None in time; the child was ended.
    Late,
    /// The child has ended; how.
    Ended(String),
}

/// A child process.
#[derive(Debug)]
pub(crate) struct Child<T> {
    process: Process,
    input: ChildStdin,
    said: Receiver<Said<T>>,
    pub(crate) driver: String,
    pub(crate) is_spent: bool,
    kind: PhantomData<T>,
}

impl<T: DeserializeOwned + Send + 'static> Child<T> {
    /// Starts `command`, whose error output goes to `log`, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or its backend does not open.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let errors =
            File::options().create(true).append(true).open(log).context("a child's log")?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
        let mut process = command.spawn().context("a child could not be started")?;
        let input = process.stdin.take().context("a child without input")?;
        let said = listen(process.stdout.take().context("a child without output")?);
        let driver = String::new();
        let mut child = Self { process, input, said, driver, is_spent: false, kind: PhantomData };
        match child.said.recv_timeout(OPENING) {
            Ok(Said::Ready { driver }) => child.driver = driver,
            _ => {
                let arguments = command.get_args().collect::<Vec<_>>().join(OsStr::new(" "));
                bail!("{} did not open: {}", arguments.display(), tail(log))
            }
        }
        Ok(child)
    }

    /// Asks, and waits for the answer no longer than `limit`. After no answer the child is spent.
    ///
    /// # Errors
    ///
    /// When it says something else, or cannot be ended.
    pub(crate) fn ask(&mut self, question: &str, limit: Duration) -> Result<Answer<T>> {
        // A child that has ended says so by its silence.
        let _ = writeln!(self.input, "{question}").and_then(|()| self.input.flush());
        match self.said.recv_timeout(limit) {
            Ok(Said::Judged(found)) => Ok(Answer::Given(found)),
            Ok(Said::Ready { .. }) => bail!("a child said twice that it is ready"),
            Err(RecvTimeoutError::Timeout) => {
                self.is_spent = true;
                self.process.kill()?;
                Ok(Answer::Late)
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.is_spent = true;
                Ok(Answer::Ended(ended(self.process.wait()?)))
            }
        }
    }
}

impl<T> Drop for Child<T> {
    fn drop(&mut self) {
        // Ended already, or of no more use.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Says something to the parent, on a line of its own whatever was printed before.
pub(crate) fn say<T: Serialize>(output: &mut impl Write, said: &Said<T>) -> Result<()> {
    writeln!(output, "\n{MARK}{}", serde_json::to_string(said)?)?;
    Ok(output.flush()?)
}

fn listen<T: DeserializeOwned + Send + 'static>(
    output: impl Read + Send + 'static,
) -> Receiver<Said<T>> {
    let (tell, said) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let Some(json) = line.strip_prefix(MARK) else { continue };
            let Ok(said) = serde_json::from_str(json) else { break };
            if tell.send(said).is_err() {
                break;
            }
        }
    });
    said
}

fn ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("the process was ended by signal {signal}");
    }
    match status.code() {
        Some(101) => "the process panicked".to_owned(),
        Some(code) => format!("the process ended with status {code}"),
        None => "the process ended".to_owned(),
    }
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines.get(lines.len().saturating_sub(5)..).unwrap_or_default().join("; ")
}
