//! One call for all of it: known inputs, several devices, a report.

use std::sync::Arc;

use godwit_backend::{Backend, Error, Model, Result, Target};
use godwit_model::Limits;

use crate::bisect::Bisect;
use crate::profile::{Tolerance, Work};
use crate::recording::{Failure, Recording};
use crate::report::{Attempt, Report, ReportOptions};
use crate::sample::Replay;

/// How [`verify`] works.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// How to compare. Without a measure of their work, it is read from the models.
    pub report: ReportOptions,
    /// Whether to search for the first operator that differs, on devices that differ.
    pub bisect: bool,
    /// What models may be.
    pub limits: Limits,
}

/// Runs the same inputs on every device and compares the answers.
///
/// Devices that are absent or fail are in the report; so are those that answer differently.
///
/// # Errors
///
/// - `NotFound`: an input is for a model that was not given;
/// - `InvalidArgument`: no inputs, no devices, or a reference that did not answer.
pub async fn verify(
    backend: &Arc<dyn Backend>,
    replay: &Replay,
    targets: &[Target],
    options: &VerifyOptions,
) -> Result<(Report, Vec<Attempt>)> {
    if replay.samples.is_empty() || targets.is_empty() {
        return Err(Error::invalid_argument("there is nothing to run, or nothing to run it on"));
    }
    let mut attempts = Vec::new();
    for target in targets {
        let recording = replay.run(backend, target).await?;
        attempts.push(Attempt::recorded(target.device.as_str(), Ok(recording)));
    }
    let mut settings = options.report.clone();
    settings.work = settings.work.or_else(|| Work::of_models(&replay.models, &options.limits));
    let mut report = Report::from_recordings(&attempts, &settings)?;
    let answered = report.reference.as_ref().and_then(|reference| {
        attempts.iter().find(|attempt| attempt.device == *reference)?.answered()
    });
    if let (true, Some(reference)) = (options.bisect, answered) {
        let models = &replay.models;
        find_first_operators(&mut report, reference, backend, models, targets, &options.limits)
            .await;
    }
    Ok((report, attempts))
}

impl Attempt {
    /// What asking `device` came to: a tape's recording, or why there is none.
    pub fn recorded(device: &str, outcome: Result<Recording>) -> Self {
        let outcome = outcome.map_err(|error| Failure::from(&error));
        Self { device: device.to_owned(), outcome }
    }
}

/// Searches for the first operator that differs, on every device of `report` that does, and puts it
/// there. What prevents a search is a note: the report is worth having without it.
///
/// `reference` is the recording of the reference, `models` the models in it.
pub async fn find_first_operators(
    report: &mut Report,
    reference: &Recording,
    backend: &Arc<dyn Backend>,
    models: &[Model],
    targets: &[Target],
    limits: &Limits,
) {
    let target = |id: &str| targets.iter().find(|target| target.device.as_str() == id);
    let Some(right) = report.reference.as_deref().and_then(target) else { return };
    for device in &mut report.devices {
        let tolerance: Option<Tolerance> = device.verdict.tolerance().copied();
        let run = device.findings.iter().map(|finding| finding.run).min();
        let sample = run.and_then(|run| reference.sample(run));
        let (Some(tolerance), Some(sample)) = (tolerance, sample) else { continue };
        let model = models.iter().find(|model| model.digest().to_string() == sample.digest);
        let (Some(other), Some(model)) = (target(&device.device), model) else { continue };
        let search =
            Bisect { backend, model, sample: &sample, reference: right, other, tolerance, limits };
        match search.run().await {
            Ok(Some(found)) => device.first_divergence = Some(found),
            Ok(None) => device.notes.push("no operator was found: run again, it agrees".to_owned()),
            Err(error) => {
                device.notes.push(format!("no operator was found: {}", error.message()));
            }
        }
    }
}
