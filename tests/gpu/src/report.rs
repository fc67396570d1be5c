use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use serde::Serialize;

use crate::machine::Machine;

/// Numbers and words of a step, by name.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Figures {
    pub(crate) values: BTreeMap<String, String>,
    /// Why the step counts as failed although it went to its end.
    pub(crate) missed: Vec<String>,
    /// Why the step did nothing.
    pub(crate) skipped: Option<String>,
}

impl Figures {
    pub(crate) fn skipped(why: &str) -> Self {
        Self { skipped: Some(why.to_owned()), ..Self::default() }
    }

    pub(crate) fn put(&mut self, name: &str, value: impl ToString) {
        self.values.insert(name.to_owned(), value.to_string());
    }

    /// Notes a figure with the most it should be.
    pub(crate) fn at_most(&mut self, name: &str, value: f64, most: f64) {
        self.put(name, format!("{value:.4} (aim: at most {most})"));
        // What is not a number has missed its aim too.
        if !matches!(
            value.partial_cmp(&most),
            Some(std::cmp::Ordering::Less | std::cmp::Ordering::Equal)
        ) {
            self.missed.push(format!("{name} is {value:.4}, above {most}"));
        }
    }

    pub(crate) fn expect(&mut self, holds: bool, otherwise: impl ToString) {
        if !holds {
            self.missed.push(otherwise.to_string());
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    Passed,
    Failed,
    Skipped,
}

#[derive(Debug, Serialize)]
pub(crate) struct StepReport {
    pub(crate) name: &'static str,
    pub(crate) outcome: Outcome,
    seconds: f64,
    figures: BTreeMap<String, String>,
    why: Vec<String>,
}

impl StepReport {
    pub(crate) fn new(name: &'static str, figures: Result<Figures>, took: Duration) -> Self {
        let (outcome, figures, why) = match figures {
            Err(error) => (Outcome::Failed, BTreeMap::new(), vec![format!("{error:#}")]),
            Ok(Figures { values, skipped: Some(why), .. }) => (Outcome::Skipped, values, vec![why]),
            Ok(Figures { values, missed, .. }) if missed.is_empty() => {
                (Outcome::Passed, values, missed)
            }
            Ok(Figures { values, missed, .. }) => (Outcome::Failed, values, missed),
        };
        Self { name, outcome, seconds: took.as_secs_f64(), figures, why }
    }

    pub(crate) fn line(&self) -> String {
        let mut text = format!("    {:?} in {:.1} s", self.outcome, self.seconds);
        self.figures.iter().for_each(|(name, value)| text += &format!("\n    {name}: {value}"));
        self.why.iter().for_each(|why| text += &format!("\n    {why}"));
        text
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    date: String,
    commit: String,
    device: String,
    driver: String,
    labels: BTreeMap<String, String>,
    pub(crate) steps: Vec<StepReport>,
}

impl Report {
    pub(crate) fn new(machine: &Machine, commit: &str) -> Self {
        Self {
            date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            commit: commit.to_owned(),
            device: format!("{} ({})", machine.device.id, machine.device.name),
            driver: machine.device.driver.clone(),
            labels: machine.device.labels.clone(),
            steps: Vec::new(),
        }
    }

    pub(crate) fn markdown(&self) -> String {
        let Self { date, commit, device, driver, .. } = self;
        let mut text = format!("# {device}\n\n{date}, commit {commit}, {driver}\n\n");
        text += "| step | outcome | seconds | figures |\n|---|---|---|---|\n";
        for step in &self.steps {
            let figures = step.figures.iter().map(|(name, value)| format!("{name}: {value}"));
            let figures: Vec<String> = figures.chain(step.why.iter().cloned()).collect();
            // A cell is one line.
            let figures = figures.join("; ").replace('|', "/").replace('\n', " ");
            let outcome = format!("{:?}", step.outcome).to_lowercase();
            text += &format!("| {} | {outcome} | {:.1} | {figures} |\n", step.name, step.seconds);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(figures: Result<Figures>) -> StepReport {
        StepReport::new("a step", figures, Duration::from_millis(1500))
    }

    #[test]
    fn a_missed_aim_fails_the_step_and_keeps_its_figures() {
        let mut figures = Figures::default();
        figures.at_most("ratio", 1.01, 1.03);
        assert_eq!(step(Ok(figures.clone())).outcome, Outcome::Passed);
        figures.at_most("call", f64::NAN, 20.0);
        let step = step(Ok(figures));
        assert_eq!((step.outcome, step.figures.len(), step.why.len()), (Outcome::Failed, 2, 1));
    }

    #[test]
    fn a_skipped_step_says_why_and_an_error_is_told_whole() {
        let skipped = step(Ok(Figures::skipped("no model")));
        assert_eq!(
            (skipped.outcome, &skipped.why[..]),
            (Outcome::Skipped, &["no model".to_owned()][..])
        );
        let failed = step(Err(anyhow::anyhow!("inner").context("outer")));
        assert_eq!(failed.why, ["outer: inner"]);
    }

    #[test]
    fn the_table_has_one_line_a_step() {
        let mut figures = Figures::default();
        figures.put("said", "a|b\nc");
        let report = Report {
            date: "2026-01-01T00:00:00Z".to_owned(),
            commit: "abc".to_owned(),
            device: "cuda:0 (G)".to_owned(),
            driver: "NVIDIA 580".to_owned(),
            labels: BTreeMap::new(),
            steps: vec![step(Ok(figures))],
        };
        let markdown = report.markdown();
        assert_eq!(markdown.lines().last(), Some("| a step | passed | 1.5 | said: a/b c |"));
    }
}
