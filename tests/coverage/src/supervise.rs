//! The parent process: gives cases to workers, and outlives them.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::child::{Answer, Child};
use crate::{Case, Outcome, Verdict};

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
    let _ = std::fs::remove_file(&plan.log);
    let start = || {
        let mut command = Command::new(&plan.program);
        command.args(["worker", "--backend", backend, "--cases"]).arg(&plan.folder);
        Child::start(&mut command, &plan.log)
    };
    let mut worker = start()?;
    let driver = worker.driver.clone();
    let mut outcomes = Vec::with_capacity(cases.len());
    for case in cases {
        let outcome = judge(&mut worker, &case.name, plan.limit)?;
        done(case, &outcome);
        if worker.is_spent {
            worker = start()?;
        }
        outcomes.push(outcome);
    }
    Ok(Coverage { backend: backend.to_owned(), driver, outcomes })
}

fn judge(worker: &mut Child<Outcome>, case: &str, limit: Duration) -> Result<Outcome> {
    Ok(match worker.ask(case, limit)? {
        Answer::Given(outcome) => outcome,
        Answer::Late => {
            Outcome::new(Verdict::Hung, format!("no answer within {} s", limit.as_secs()))
        }
        Answer::Ended(how) => Outcome::new(Verdict::Crashed, how),
    })
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
