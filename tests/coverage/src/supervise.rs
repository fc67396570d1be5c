//! The parent process: gives cases to workers, and outlives them.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::worker::{MARK, Said};
use crate::{Case, Outcome, Verdict};

/// How long a worker may take to open its backend.
const OPENING: Duration = Duration::from_secs(60);

/// How a backend is covered.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program `godwit-coverage`.
    pub program: PathBuf,
    /// The folder of the cases.
    pub folder: PathBuf,
    /// How long one case may take: load and run.
    pub limit: Duration,
    /// Where the workers' error output goes.
    pub log: PathBuf,
}

/// What one backend made of all cases.
#[derive(Debug, Clone)]
pub struct Coverage {
    /// Its name.
    pub backend: String,
    /// Its library, with its version.
    pub driver: String,
    /// An outcome a case, in the order of the cases.
    pub outcomes: Vec<Outcome>,
}

/// Runs every case on `backend`; `done` is called after each.
///
/// # Errors
///
/// When a worker cannot be started at all, or its backend does not open.
pub fn cover(
    plan: &Plan,
    backend: &str,
    cases: &[Case],
    mut done: impl FnMut(&Case, &Outcome),
) -> Result<Coverage> {
    let log = File::create(&plan.log).context("the workers' log")?;
    let start = || Worker::start(plan, backend, log.try_clone()?);
    let mut worker = start()?;
    let driver = worker.driver.clone();
    let mut outcomes = Vec::with_capacity(cases.len());
    for case in cases {
        let outcome = worker.judge(&case.name, plan.limit)?;
        done(case, &outcome);
        if worker.is_spent {
            worker = start()?;
        }
        outcomes.push(outcome);
    }
    Ok(Coverage { backend: backend.to_owned(), driver, outcomes })
}

#[derive(Debug)]
struct Worker {
    child: Child,
    input: ChildStdin,
    said: Receiver<Said>,
    driver: String,
    is_spent: bool,
}

impl Worker {
    fn start(plan: &Plan, backend: &str, log: File) -> Result<Self> {
        let mut command = Command::new(&plan.program);
        command.args(["worker", "--backend", backend, "--cases"]).arg(&plan.folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().context("a worker could not be started")?;
        let input = child.stdin.take().context("a worker without input")?;
        let said = listen(child.stdout.take().context("a worker without output")?);
        let mut worker = Self { child, input, said, driver: String::new(), is_spent: false };
        match worker.said.recv_timeout(OPENING) {
            Ok(Said::Ready { driver }) => worker.driver = driver,
            _ => bail!("the backend {backend} did not open: {}", tail(&plan.log)),
        }
        Ok(worker)
    }

    fn judge(&mut self, case: &str, limit: Duration) -> Result<Outcome> {
        // A worker that has ended says so by its silence.
        let _ = writeln!(self.input, "{case}").and_then(|()| self.input.flush());
        match self.said.recv_timeout(limit) {
            Ok(Said::Judged(outcome)) => Ok(outcome),
            Ok(Said::Ready { .. }) => bail!("a worker said twice that it is ready"),
            Err(RecvTimeoutError::Timeout) => {
                self.is_spent = true;
                self.child.kill()?;
                let reason = format!("no answer within {} s", limit.as_secs());
                Ok(Outcome::new(Verdict::Hung, reason))
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.is_spent = true;
                Ok(Outcome::new(Verdict::Crashed, ended(self.child.wait()?)))
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Ended already, or of no more use.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(output: impl std::io::Read + Send + 'static) -> Receiver<Said> {
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

impl Coverage {
    /// How many cases ended with `verdict`.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.verdict == verdict).count()
    }

    /// The cases that show a defect of the backend, with their outcomes.
    pub fn defects<'a>(
        &'a self,
        cases: &'a [Case],
    ) -> impl Iterator<Item = (&'a Case, &'a Outcome)> {
        cases.iter().zip(&self.outcomes).filter(|(_, outcome)| outcome.verdict.is_defect())
    }
}
