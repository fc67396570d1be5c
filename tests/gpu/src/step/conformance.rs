//! The suite that every backend passes, on the GPU.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use anyhow::Result;
use godwit_conformance::models::OnnxModels;
use godwit_conformance::{Subject, each_case};

use crate::machine::Machine;
use crate::report::Figures;

/// Models that the device refuses: it has no operator for them.
const LACKS: &[&str] = &["expand", "spin"];

/// A case, ready to be checked.
type Case = Box<dyn FnOnce()>;

pub(crate) fn step(machine: &Machine) -> Result<Figures> {
    let mut figures = Figures::default();
    let subject = || Subject {
        backend: machine.backend.clone(),
        target: machine.target.clone(),
        models: Arc::new(OnnxModels),
        lacks: LACKS,
        checked: false,
        held: None,
    };
    let cases: Vec<(&str, Case)> = each_case!(listed subject());
    let (total, mut failed) = (cases.len(), Vec::new());
    for (name, case) in cases {
        if catch_unwind(AssertUnwindSafe(case)).is_err() {
            failed.push(name);
        }
    }
    figures.put("cases passed", format!("{} of {total}", total - failed.len()));
    figures.expect(failed.is_empty(), format!("failed: {}", failed.join(", ")));
    Ok(figures)
}
