//! What is written: a page for people, and the same in JSON with what the engines said.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::json;

use crate::supervise::Coverage;
use crate::{Case, Verdict, cases, exclude};

const INTRODUCTION: &str = "\
Results of the ONNX project's operator tests, run through the contract on every backend, behind the check that a
host applies to its tenants' models. `cargo xtask coverage` writes this page; `cargo xtask test` runs the same cases,
and fails when a case that `tests/coverage/baseline.json` does not list is wrong, crashes or hangs, or when fewer pass
than it states.
";

const VERDICTS: &str = "\
- **passed**: loaded, ran, and gave the expected outputs: floating-point numbers within the ONNX project's
  tolerance (1e-3 of the value and 1e-7; two roundings for f16 and bf16) plus 16 roundings of the largest element
  or of 1, whichever is larger; all others exactly.
- **unsupported**: refused at load with an error. The guest, or a placement policy, can choose another device.
- **no tensor**: refused at load with an error, because the case has strings, sequences, optionals or element types
  that the contract's tensors do not support.
- **refused**: loaded, and the run ended with an error.
- **excluded**: uses random numbers, or has a questionable reference answer: there is nothing to compare with.
- **wrong**: other outputs, or a signature that does not match them. A defect, as are **crashed** and **hung**.
";

/// The page.
pub fn page(cases: &[Case], coverages: &[Coverage]) -> String {
    let mut page = format!("# Operator coverage\n\n{INTRODUCTION}\n");
    summary(&mut page, cases, coverages);
    let _ = write!(page, "\n{VERDICTS}");
    defects(&mut page, cases, coverages);
    excluded(&mut page, cases);
    by_operator(&mut page, cases, coverages);
    reasons(&mut page, coverages);
    refusals(&mut page, cases, coverages);
    page
}

fn summary(page: &mut String, all: &[Case], coverages: &[Coverage]) {
    let newest = all.iter().map(|case| case.opset).max().unwrap_or_default();
    let _ =
        writeln!(page, "{} cases of {}, operator sets 1 to {newest}.\n", all.len(), cases::ONNX);
    let _ =
        writeln!(page, "| backend | library | {} |", Verdict::ALL.map(Verdict::name).join(" | "));
    let _ = writeln!(page, "|---|---|{}", "---:|".repeat(Verdict::ALL.len()));
    for it in coverages {
        let counts = Verdict::ALL.map(|verdict| it.count(verdict).to_string());
        let _ = writeln!(page, "| {} | {} | {} |", it.backend, it.driver, counts.join(" | "));
    }
}

fn defects(page: &mut String, cases: &[Case], coverages: &[Coverage]) {
    let _ = writeln!(page, "\n## Wrong, crashed, hung\n");
    for it in coverages {
        let defects: Vec<_> = it.defects(cases).collect();
        if defects.is_empty() {
            let _ = writeln!(page, "{}: none.\n", it.backend);
            continue;
        }
        let _ = writeln!(page, "{}:\n", it.backend);
        for (case, outcome) in defects {
            let (verdict, reason) = (outcome.verdict.name(), cell(&outcome.reason));
            let _ = writeln!(page, "- `{}` ({}): {verdict}: {reason}", case.name, case.operator);
        }
        page.push('\n');
    }
}

fn excluded(page: &mut String, cases: &[Case]) {
    let _ = writeln!(page, "## Excluded\n");
    for case in cases {
        if let Some(reason) = exclude::reason(&case.name) {
            let _ = writeln!(page, "- `{}`: {reason}", case.name);
        }
    }
    page.push('\n');
}

fn by_operator(page: &mut String, cases: &[Case], coverages: &[Coverage]) {
    let names: Vec<_> = coverages.iter().map(|it| &*it.backend).collect();
    let _ = write!(
        page,
        "## By operator\n\nCases that passed. An operator that ONNX defines as a function of others also has \
         cases of its definition.\n\n| operator | cases | {} |\n|---|---:|{}\n",
        names.join(" | "),
        "---:|".repeat(names.len())
    );
    let mut operators: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, case) in cases.iter().enumerate() {
        operators.entry(&case.operator).or_default().push(index);
    }
    for (operator, indices) in operators {
        let _ = write!(page, "| {operator} | {} |", indices.len());
        for it in coverages {
            let has = |wanted: &dyn Fn(Verdict) -> bool| {
                let verdicts = indices.iter().filter_map(|&index| it.outcomes.get(index));
                verdicts.filter(|outcome| wanted(outcome.verdict)).count()
            };
            let passed = has(&|verdict| verdict == Verdict::Passed);
            let defects = has(&Verdict::is_defect);
            let _ = match defects {
                0 => write!(page, " {passed} |"),
                _ => write!(page, " {passed} ({defects} defective) |"),
            };
        }
        page.push('\n');
    }
}

fn reasons(page: &mut String, coverages: &[Coverage]) {
    let _ = writeln!(page, "\n## Why cases are unsupported\n");
    for it in coverages {
        let _ = writeln!(page, "{}:\n\n| cases | the error says |\n|---:|---|", it.backend);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for outcome in it.outcomes.iter().filter(|it| it.verdict == Verdict::Unsupported) {
            *counts.entry(&outcome.reason).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|&(reason, count)| (std::cmp::Reverse(count), reason));
        for (reason, count) in counts {
            let _ = writeln!(page, "| {count} | {} |", cell(reason));
        }
        page.push('\n');
    }
}

fn refusals(page: &mut String, cases: &[Case], coverages: &[Coverage]) {
    let _ = writeln!(page, "## Refused at the run\n");
    for it in coverages {
        let refused = cases.iter().zip(&it.outcomes);
        let refused: Vec<_> = refused.filter(|(_, it)| it.verdict == Verdict::Refused).collect();
        if refused.is_empty() {
            let _ = writeln!(page, "{}: none.\n", it.backend);
            continue;
        }
        let _ = writeln!(page, "{}:\n", it.backend);
        for (case, outcome) in refused {
            let _ = writeln!(page, "- `{}`: {}", case.name, cell(&outcome.reason));
        }
        page.push('\n');
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
}

/// Fit for one line of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Everything, for programs.
pub fn json(cases: &[Case], coverages: &[Coverage]) -> serde_json::Value {
    let backends: Vec<_> =
        coverages.iter().map(|it| json!({"backend": it.backend, "driver": it.driver})).collect();
    let cases: Vec<_> = cases
        .iter()
        .enumerate()
        .map(|(index, case)| {
            let outcomes: BTreeMap<_, _> = coverages
                .iter()
                .filter_map(|it| Some((&*it.backend, it.outcomes.get(index)?)))
                .collect();
            json!({
                "case": case.name, "operator": case.operator, "opset": case.opset,
                "outcomes": outcomes,
            })
        })
        .collect();
    json!({"package": crate::cases::ONNX, "backends": backends, "cases": cases})
}
