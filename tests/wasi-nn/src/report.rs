use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::{Case, Host, Level, Outcome};

/// What became of one case.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Verdict {
    /// The case's name.
    pub case: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The guest's last line, or the host's.
    pub why: String,
    /// The command that shows it again.
    pub command: String,
    /// How long it took.
    pub seconds: f64,
    /// The most memory that the host's process held, in MiB, where the system tells.
    pub peak_mib: Option<u64>,
}

/// A host and its verdicts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// The host.
    pub host: Host,
    /// One a case, in their order.
    pub verdicts: Vec<Verdict>,
}

impl Report {
    /// How many cases of this level ended so.
    #[must_use]
    pub fn count(&self, cases: &[Case], level: Level, outcome: Outcome) -> usize {
        let of_level = |verdict: &&Verdict| {
            cases.iter().any(|case| case.name == verdict.case && case.level == level)
        };
        self.verdicts.iter().filter(of_level).filter(|v| v.outcome == outcome).count()
    }

    /// The cases that did not pass.
    pub fn failures(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|verdict| verdict.outcome != Outcome::Pass)
    }
}

const OUTCOMES: [Outcome; 6] = [
    Outcome::Pass,
    Outcome::Wrong,
    Outcome::Unsupported,
    Outcome::Trap,
    Outcome::Crash,
    Outcome::Hang,
];

/// The tables: how many, then each case, then each failure with its command.
#[must_use]
pub fn markdown(cases: &[Case], reports: &[Report]) -> String {
    let mut text = String::new();
    counts(&mut text, cases, reports);
    each(&mut text, cases, reports);
    for report in reports {
        failures(&mut text, report);
    }
    text
}

fn counts(text: &mut String, cases: &[Case], reports: &[Report]) {
    text.push_str("## Summary\n\n| host | level |");
    for outcome in OUTCOMES {
        let _ = write!(text, " {} |", outcome.name());
    }
    text.push_str("\n|---|---|---|---|---|---|---|---|\n");
    for report in reports {
        for level in [Level::Must, Level::Should] {
            let _ = write!(text, "| {} | {} |", report.host.name, level.name());
            for outcome in OUTCOMES {
                let _ = write!(text, " {} |", report.count(cases, level, outcome));
            }
            text.push('\n');
        }
    }
    text.push_str("\nThe hosts:\n\n");
    for Report { host, .. } in reports {
        let _ = writeln!(
            text,
            "- **{}**: {} Models as {}.\n  `{}`",
            host.name, host.about, host.encoding, host.command
        );
    }
}

fn each(text: &mut String, cases: &[Case], reports: &[Report]) {
    text.push_str("\n## Every case\n\n| case | level | what is asked | source |");
    for report in reports {
        let _ = write!(text, " {} |", report.host.name);
    }
    text.push_str("\n|---|---|---|---|");
    text.push_str(&"---|".repeat(reports.len()));
    text.push('\n');
    for (index, case) in cases.iter().enumerate() {
        let level = case.level.name();
        let _ = write!(text, "| `{}` | {level} | {} | {} |", case.name, case.says, case.source);
        for report in reports {
            let outcome = report.verdicts.get(index).map_or("-", |verdict| verdict.outcome.name());
            let bold = if outcome == "pass" { "" } else { "**" };
            let _ = write!(text, " {bold}{outcome}{bold} |");
        }
        text.push('\n');
    }
}

fn failures(text: &mut String, report: &Report) {
    let _ = writeln!(text, "\n## What did not pass: {}\n", report.host.name);
    if report.failures().next().is_none() {
        text.push_str("Nothing.\n");
    }
    for verdict in report.failures() {
        let why = verdict.why.replace('`', "'").replace('|', "/");
        let (outcome, case) = (verdict.outcome.name(), &verdict.case);
        let _ = writeln!(
            text,
            "- `{case}`: **{outcome}**, `{why}`\n  ```sh\n  {}\n  ```",
            verdict.command
        );
    }
}
