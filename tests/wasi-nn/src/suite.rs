use std::time::Duration;

use anyhow::Result;

use crate::process::run;
use crate::{Case, Host, Outcome, Report, Verdict, cases};

/// The cases, and where their guests and models are.
#[derive(Debug, Clone)]
pub struct Suite {
    /// What is run.
    pub cases: Vec<Case>,
    /// The folder of the two guests.
    pub guests: String,
    /// The folder of the models.
    pub models: String,
    /// How long a host may take for one case.
    pub limit: Duration,
}

impl Suite {
    /// Every case, a minute for each.
    ///
    /// # Errors
    ///
    /// As [`cases`].
    pub fn new(guests: impl Into<String>, models: impl Into<String>) -> Result<Self> {
        let limit = Duration::from_secs(60);
        Ok(Self { cases: cases()?, guests: guests.into(), models: models.into(), limit })
    }

    /// Runs every case on `host`, and tells `seen` of each.
    ///
    /// # Errors
    ///
    /// If the host's program cannot be started at all. What it does then is a verdict.
    pub fn judge(&self, host: &Host, mut seen: impl FnMut(&Case, &Verdict)) -> Result<Report> {
        let mut verdicts = Vec::new();
        for case in &self.cases {
            let words = host.command(case, &self.guests, &self.models)?;
            let ended = run(&words, self.limit)?;
            let (outcome, why) = Outcome::of(case, &ended);
            let command = shlex::try_join(words.iter().map(String::as_str))?;
            let seconds = ended.took.as_secs_f64();
            let case_name = case.name.clone();
            let verdict = Verdict {
                case: case_name,
                outcome,
                why,
                command,
                seconds,
                peak_mib: ended.peak_mib,
            };
            seen(case, &verdict);
            verdicts.push(verdict);
        }
        Ok(Report { host: host.clone(), verdicts })
    }
}
