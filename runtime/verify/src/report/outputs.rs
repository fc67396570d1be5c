//! Compares the outputs of one device with the reference's.

use std::collections::BTreeMap;

use godwit_backend::{Buffer, Result, Shape, Tensor};
use serde::Serialize;

use super::matching::Pair;
use crate::compare::{Comparison, host};
use crate::diagnose::{Diagnosis, Suspect};
use crate::judge::{Difference, Metric, judge};
use crate::profile::{Tolerance, Work};
use crate::recording::{Captured, Recording};

/// The figures of one output over all runs.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct OutputReport {
    /// The model.
    pub model: String,
    /// The output.
    pub output: String,
    /// Its dtype.
    pub dtype: String,
    /// The figures.
    #[serde(flatten)]
    pub comparison: Comparison,
    /// The cosine similarity of all outputs and references.
    pub cosine: Option<f64>,
    /// The root of the mean squared difference.
    pub rms: f64,
    /// The same relative to that of the reference.
    pub relative_rms: Option<f64>,
    /// The largest error relative to its tolerance: above 1 is outside, `null` is infinite.
    pub allowance_used: f64,
    /// Runs compared.
    pub runs: u64,
    /// Runs outside of the tolerance.
    pub runs_outside: u64,
}

/// Why a device differs: the first difference of each output.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The number of the run on the reference, from 0.
    pub run: usize,
    /// The model.
    pub model: String,
    /// The output.
    pub output: String,
    /// Which tolerance was exceeded.
    pub metric: Metric,
    /// A sentence with the figures.
    pub what: String,
    /// The first elements outside of the tolerance.
    pub first: Vec<Difference>,
    /// The number of such elements in that run.
    pub elements_outside: u64,
    /// The likely fault.
    pub diagnosis: Diagnosis,
}

type Key = (String, String);

/// Compares every output of every pair of runs.
pub(super) struct Examination<'a> {
    pub(super) reference: &'a Recording,
    pub(super) tolerance: Tolerance,
    pub(super) work: Work,
    pub(super) outputs: BTreeMap<Key, OutputReport>,
    pub(super) findings: BTreeMap<Key, Finding>,
}

impl<'a> Examination<'a> {
    pub(super) fn new(reference: &'a Recording, tolerance: Tolerance, work: Work) -> Self {
        Self { reference, tolerance, work, outputs: BTreeMap::new(), findings: BTreeMap::new() }
    }

    pub(super) fn examine(&mut self, pairs: &[Pair<'_>]) -> Result<()> {
        for pair in pairs {
            let Some(other) = pair.other else { continue };
            let load = self.reference.load_of(pair.reference);
            let model = load.map(|load| load.model.clone()).unwrap_or_default();
            for output in &pair.reference.outputs {
                match other.outputs.iter().find(|held| held.name == output.name) {
                    Some(found) => self.one(pair, &model, output, found)?,
                    None => {
                        self.note(pair.nth, &model, &output.name, Metric::Names, || {
                            "the device does not have this output".to_owned()
                        });
                    }
                }
            }
            let unknown = |held: &&Captured| {
                !pair.reference.outputs.iter().any(|output| output.name == held.name)
            };
            for more in other.outputs.iter().filter(unknown) {
                self.note(pair.nth, &model, &more.name, Metric::Names, || {
                    "the reference does not have this output".to_owned()
                });
            }
        }
        self.look_again(pairs)
    }

    fn one(
        &mut self,
        pair: &Pair<'_>,
        model: &str,
        reference: &Captured,
        other: &Captured,
    ) -> Result<()> {
        let (want, got) = (&reference.tensor, &other.tensor);
        let siblings: Vec<(&str, &Tensor)> = pair
            .reference
            .outputs
            .iter()
            .filter(|output| output.name != reference.name)
            .map(|output| (output.name.as_str(), &output.tensor))
            .collect();
        let suspect = Suspect {
            reference: want,
            other: got,
            siblings: &siblings,
            tolerance: &self.tolerance,
            work: self.work,
        };
        let key = (model.to_owned(), reference.name.clone());
        if want.dtype() != got.dtype() || want.shape() != got.shape() {
            let metric = if want.dtype() == got.dtype() { Metric::Shape } else { Metric::Dtype };
            let diagnosis = suspect.diagnose()?;
            let what = || format!("it is {got}, the reference is {want}");
            self.note(pair.nth, model, &reference.name, metric, what).diagnosis = diagnosis;
            return Ok(());
        }
        let judgement = judge(want, got, &self.tolerance)?;
        let report = self.outputs.entry(key.clone()).or_insert_with(|| OutputReport {
            model: key.0.clone(),
            output: key.1.clone(),
            dtype: want.dtype().to_string(),
            ..OutputReport::default()
        });
        report.comparison.merge(&judgement.comparison, pair.nth);
        report.runs += 1;
        report.allowance_used = report.allowance_used.max(judgement.used);
        let Some(metric) = judgement.metric else { return Ok(()) };
        report.runs_outside += 1;
        if !self.findings.contains_key(&key) {
            let diagnosis = suspect.diagnose()?;
            let what = what(metric, &judgement.comparison, &self.tolerance, judgement.used);
            let finding = self.note(pair.nth, model, &reference.name, metric, || what);
            (finding.first, finding.elements_outside) = (judgement.first, judgement.violations);
            finding.diagnosis = diagnosis;
        }
        Ok(())
    }

    /// The finding for an output, which is a new one unless there is one of an earlier run.
    pub(super) fn note(
        &mut self,
        run: usize,
        model: &str,
        output: &str,
        metric: Metric,
        what: impl FnOnce() -> String,
    ) -> &mut Finding {
        let key = (model.to_owned(), output.to_owned());
        self.findings.entry(key).or_insert_with(|| Finding {
            run,
            model: model.to_owned(),
            output: output.to_owned(),
            metric,
            what: what(),
            first: Vec::new(),
            elements_outside: 0,
            diagnosis: Diagnosis::Unknown,
        })
    }

    /// Diagnoses all runs together if one run shows too little.
    fn look_again(&mut self, pairs: &[Pair<'_>]) -> Result<()> {
        for (key, finding) in &mut self.findings {
            let few = matches!(finding.diagnosis, Diagnosis::OneElement);
            let small = finding.elements_outside > 0 && finding.elements_outside < 3;
            let unclear = few || (small && finding.diagnosis == Diagnosis::Unknown);
            if !unclear {
                continue;
            }
            let Some((reference, other)) = together(self.reference, pairs, key)? else { continue };
            let suspect = Suspect {
                reference: &reference,
                other: &other,
                siblings: &[],
                tolerance: &self.tolerance,
                work: self.work,
            };
            match suspect.diagnose_together()? {
                Diagnosis::Unknown => {}
                found => finding.diagnosis = found,
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> (Vec<OutputReport>, Vec<Finding>) {
        let outputs = self.outputs.into_values().map(|mut report| {
            report.cosine = report.comparison.cosine();
            report.rms = report.comparison.rms();
            let relative = report.comparison.relative_rms();
            report.relative_rms = relative.is_finite().then_some(relative);
            report
        });
        (outputs.collect(), self.findings.into_values().collect())
    }
}

/// One output of all runs with the shape of the first, as one tensor for each side.
fn together(
    recording: &Recording,
    pairs: &[Pair<'_>],
    (model, output): &Key,
) -> Result<Option<(Tensor, Tensor)>> {
    const MOST: usize = 16 << 20;
    let mut shape: Option<(Shape, godwit_backend::DType)> = None;
    let (mut x, mut y, mut runs) = (Vec::new(), Vec::new(), 0usize);
    for pair in pairs {
        let of_model = recording.load_of(pair.reference).is_some_and(|load| load.model == *model);
        let named = |held: &&Captured| held.name == *output;
        let want = pair.reference.outputs.iter().find(named);
        let got = pair.other.and_then(|other| other.outputs.iter().find(named));
        let (true, Some(want), Some(got)) = (of_model, want, got) else { continue };
        let kind = (want.tensor.shape().clone(), want.tensor.dtype());
        let alike = (got.tensor.shape().clone(), got.tensor.dtype()) == kind;
        if !alike || shape.get_or_insert_with(|| kind.clone()) != &kind || x.len() > MOST {
            continue;
        }
        x.extend_from_slice(host(&want.tensor)?);
        y.extend_from_slice(host(&got.tensor)?);
        runs += 1;
    }
    let Some((shape, dtype)) = shape.filter(|_| runs > 1) else { return Ok(None) };
    let shape = Shape::new(std::iter::once(runs).chain(shape.iter().copied()));
    let x = Tensor::new(dtype, shape.clone(), Buffer::from(x))?;
    Ok(Some((x, Tensor::new(dtype, shape, Buffer::from(y))?)))
}

fn what(metric: Metric, found: &Comparison, tolerance: &Tolerance, used: f64) -> String {
    let profile = tolerance.profile;
    match metric {
        Metric::NonFinite => format!(
            "{} NaN(s) and {} infinity(ies) that the reference does not have, {} NaN(s) only in the reference",
            found.nan_only_in_other, found.infinity_mismatches, found.nan_only_in_reference
        ),
        Metric::Rms => format!(
            "the RMS of the errors is {:.2e} of the output's, {profile} allows {:.2e}",
            found.relative_rms(),
            tolerance.rms
        ),
        Metric::Integer => {
            format!("{} of {} elements are not equal", found.different, found.elements)
        }
        _ if used.is_finite() => format!(
            "an element is off by {:.3e}, {:.1} times what {profile} allows",
            found.max_abs, used
        ),
        _ => format!("an element is off by {:.3e}, and {profile} allows nothing", found.max_abs),
    }
}
