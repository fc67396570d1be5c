//! Sentences for the table and the page.

use super::{Finding, Report};
use crate::bisect::FirstDivergence;
use crate::diagnose::Diagnosis;
use crate::display::{error, three, value};
use crate::judge::Difference;

/// The overall verdict.
pub(super) fn headline(report: &Report) -> String {
    let count = |word| report.with_verdict(word).count();
    let names = |word| {
        let names: Vec<&str> =
            report.with_verdict(word).map(|device| device.device.as_str()).collect();
        names.join(", ")
    };
    let Some(reference) = &report.reference else {
        return "No device answered: there is nothing to compare.".to_owned();
    };
    let mut parts = Vec::new();
    match (count("equivalent"), count("differs"), count("failed")) {
        (0, 0, 0) => {
            parts.push(format!("Only {reference} answered: there is nothing to compare it with."))
        }
        (equal, 0, 0) => parts.push(format!(
            "Equivalent: {equal} device(s) give the answers of {reference} in all {} run(s).",
            report.samples
        )),
        (_, differs, failed) => {
            if differs > 0 {
                parts.push(format!(
                    "Not equivalent: {} {} from {reference}.",
                    names("differs"),
                    if differs == 1 { "differs" } else { "differ" }
                ));
            }
            if failed > 0 {
                parts.push(format!("Failed: {}.", names("failed")));
            }
            if count("equivalent") > 0 {
                parts.push(format!("Equivalent: {}.", names("equivalent")));
            }
        }
    }
    if count("absent") > 0 {
        parts.push(format!("Absent: {}.", names("absent")));
    }
    parts.join(" ")
}

/// A finding.
pub(super) fn finding(finding: &Finding) -> String {
    let what = &finding.what;
    let subject = match finding.output.as_str() {
        "" => format!("run {} of {}", finding.run, finding.model),
        output => format!("run {} of {}, output '{output}'", finding.run, finding.model),
    };
    match &finding.diagnosis {
        Diagnosis::Unknown => format!("{subject}: {what}"),
        diagnosis => format!("{subject}: {diagnosis}; {what}"),
    }
}

/// The first operator that differs.
pub(super) fn divergence(found: &FirstDivergence) -> String {
    let used = match found.allowance_used {
        used if used.is_finite() => format!("{} times its allowance", three(used)),
        _ => "where nothing is allowed".to_owned(),
    };
    let mut text = format!(
        "first operator that differs: {} '{}' (node {} of {}), off by {} at '{}', {used}, while its inputs \
         agree",
        found.operator,
        found.node,
        found.position + 1,
        found.nodes,
        error(found.max_abs),
        found.output,
    );
    found.notes.iter().for_each(|note| text.push_str(&format!("; {note}")));
    text
}

/// One element that differs.
pub(super) fn difference(found: &Difference) -> String {
    let (is, was) = (value(found.value), value(found.reference));
    format!("{:?} is {is} and not {was}", found.index)
}
