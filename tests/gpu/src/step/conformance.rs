//! The suite that every backend passes, on the GPU.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use anyhow::Result;
use godwit_conformance::models::OnnxModels;
use godwit_conformance::{Held, Subject, each_case};

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
        held: Held::Unknown("the device does not tell what this process holds of it"),
    };
    let mut cases: Vec<(&str, Case)> = each_case!(listed subject());
    let subject = subject();
    let mut left_out = Vec::new();
    cases.retain(|(name, _)| match subject.lists(name) {
        Ok(()) => true,
        Err(reason) => {
            left_out.push(format!("{name}: {reason}"));
            false
        }
    });
    let (total, mut failed) = (cases.len(), Vec::new());
    for (name, case) in cases {
        if catch_unwind(AssertUnwindSafe(case)).is_err() {
            failed.push(name);
        }
    }
    figures.put("cases passed", format!("{} of {total}", total - failed.len()));
    figures.put("cases left out", left_out.join("; "));
    figures.expect(failed.is_empty(), format!("failed: {}", failed.join(", ")));
    Ok(figures)
}
