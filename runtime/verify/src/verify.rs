//! Verifies models on several devices in one call.

use std::sync::Arc;

use godwit_backend::{Backend, Error, Model, Result, Target};
use godwit_model::Limits;

use crate::bisect::Bisect;
use crate::profile::{Tolerance, Work};
use crate::recording::{RecordedError, Recording};
use crate::report::{Attempt, Report, ReportOptions};
use crate::sample::Replay;

/// The options of [`verify`].
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// How to compare. The work is read from the models if it is not given.
    pub report: ReportOptions,
    /// Whether to search for the first operator that differs.
    pub bisect: bool,
    /// The limits of models.
    pub limits: Limits,
}

/// Runs the same inputs on all devices and compares the outputs.
///
/// Devices that are absent, fail or differ are in the report.
///
/// # Errors
///
/// - `NotFound`: the model of an input is missing;
/// - `InvalidArgument`: no inputs, no devices, or the reference did not answer.
pub async fn verify(
    backend: &Arc<dyn Backend>,
    replay: &Replay,
    targets: &[Target],
    options: &VerifyOptions,
) -> Result<(Report, Vec<Attempt>)> {
    if replay.samples.is_empty() || targets.is_empty() {
        return Err(Error::invalid_argument("there are no inputs, or no devices"));
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
    /// The outcome of `device`: a recording, or why there is none.
    pub fn recorded(device: &str, outcome: Result<Recording>) -> Self {
        let outcome = outcome.map_err(|error| RecordedError::from(&error));
        Self { device: device.to_owned(), outcome }
    }
}

/// Searches for the first operator that differs, for every device of `report` that differs, and adds it to the
/// report. A failed search becomes a note.
///
/// `reference` is the recording of the reference device, `models` are its models.
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
            Ok(None) => device
                .notes
                .push("no operator was found: the devices agree when they run again".to_owned()),
            Err(error) => {
                device.notes.push(format!("no operator was found: {}", error.message()));
            }
        }
    }
}
