//! From recordings to a report.

use std::collections::BTreeSet;

use godwit_backend::Result;

use super::matching::{Pair, pairs};
use super::outputs::Examination;
use super::{Artifact, DeviceReport, Rates, Report, ReportOptions, Verdict, reference};
use crate::judge::Metric;
use crate::profile::{ProfileName, Tolerance};
use crate::recording::{DeviceStamp, RecordedError, Recording};
use crate::stats::Latency;

/// The outcome of one device.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The requested device.
    pub device: String,
    /// The recording, which may contain errors, or why there is none.
    pub outcome: Result<Recording, RecordedError>,
}

impl Attempt {
    /// The recording, if a run succeeded.
    pub(crate) fn answered(&self) -> Option<&Recording> {
        let recording = self.outcome.as_ref().ok()?;
        recording.runs.iter().any(|run| run.failure.is_none()).then_some(recording)
    }

    /// The verdict on a device without a successful run.
    fn verdict_without_answer(&self) -> Verdict {
        let failure = match &self.outcome {
            Ok(recording) => recording.failure().cloned(),
            Err(failure) => Some(failure.clone()),
        };
        let Some(failure) = failure else {
            return Verdict::Failed { why: "nothing ran on the device".to_owned() };
        };
        let why = failure.to_string();
        match failure.kind.as_str() {
            "not-found" | "unavailable" => Verdict::Absent { why },
            _ => Verdict::Failed { why },
        }
    }
}

impl Report {
    /// Compares the outputs of devices.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` if the requested reference is not in `attempts` or did not answer.
    pub fn from_recordings(attempts: &[Attempt], options: &ReportOptions) -> Result<Self> {
        let chosen = reference::choose(attempts, options.reference.as_deref())?;
        let (place, reference_why) = match chosen {
            Some((place, why)) => (Some(place), why),
            None => (None, "no device answered".to_owned()),
        };
        let reference = place.and_then(|place| attempts.get(place));
        let recording = reference.and_then(Attempt::answered);
        let devices = attempts.iter().enumerate().map(|(at, attempt)| {
            let mut report = device(attempt, options);
            match (recording, attempt.answered()) {
                _ if Some(at) == place => report.verdict = Verdict::Reference,
                (Some(reference), Some(other)) => {
                    compare(&mut report, reference, other, options)?;
                }
                _ => report.verdict = attempt.verdict_without_answer(),
            }
            Ok(report)
        });
        let loads = attempts.iter().filter_map(|a| a.outcome.as_ref().ok()).flat_map(|r| &r.loads);
        let artifact = |name: &String, digest: &String| Artifact {
            name: name.clone(),
            digest: digest.clone(),
        };
        let models: BTreeSet<_> = loads.map(|load| artifact(&load.model, &load.digest)).collect();
        Ok(Self {
            format: "godwit-verification",
            version: 1,
            app: options.app.clone(),
            models: models.into_iter().collect(),
            samples: recording.map_or(0, |recording| recording.runs.len() as u64),
            reference: reference.map(|attempt| attempt.device.clone()),
            reference_why,
            devices: devices.collect::<Result<_>>()?,
            changes: None,
        })
    }
}

/// The report on a device, without comparison.
fn device(attempt: &Attempt, options: &ReportOptions) -> DeviceReport {
    let recording = attempt.outcome.as_ref().ok();
    let loaded = recording.filter(|recording| recording.device().is_some());
    let latency = recording.and_then(|recording| Latency::of(&recording.latencies()));
    let rates = options.rates.get(&attempt.device).copied().unwrap_or(Rates::default());
    let seconds = latency.as_ref().map(|latency| latency.mean * 1000.0);
    let unsteady = recording.map_or(0, |r| r.runs.iter().filter(|run| run.unsteady).count());
    let mut notes = Vec::new();
    if unsteady > 0 {
        notes.push(format!("{unsteady} run(s) gave different bytes when repeated"));
    }
    let elsewhere = loaded.and_then(Recording::elsewhere);
    if let Some(count) = elsewhere.filter(|count| *count > 0) {
        notes.push(format!("{count} of the models' operators did not run on the device"));
    }
    DeviceReport {
        device: attempt.device.clone(),
        stamp: recording.and_then(Recording::device).cloned(),
        verdict: Verdict::Reference,
        findings: Vec::new(),
        outputs: Vec::new(),
        notes,
        first_divergence: None,
        latency,
        load_seconds: loaded.map(Recording::load_seconds),
        footprint: loaded.map(Recording::footprint),
        elsewhere,
        cost_per_1000: rates.per_hour.zip(seconds).map(|(rate, seconds)| rate / 3600.0 * seconds),
        joules_per_1000: rates.watts.zip(seconds).map(|(watts, seconds)| watts * seconds),
    }
}

fn compare(
    report: &mut DeviceReport,
    reference: &Recording,
    other: &Recording,
    options: &ReportOptions,
) -> Result<()> {
    let tolerance = tolerance(reference.device(), other.device(), options);
    let pairs = pairs(reference, other);
    // A run that failed only on this device is a failure.
    let failed_here = |pair: &Pair<'_>| {
        pair.other.and_then(|run| run.failure.clone()).filter(|_| pair.reference.failure.is_none())
    };
    if let Some((nth, failure)) = pairs.iter().find_map(|p| failed_here(p).map(|f| (p.nth, f))) {
        report.verdict = Verdict::Failed { why: format!("run {nth}: {failure}") };
        return Ok(());
    }
    if let Some(failure) = unloaded(reference, other) {
        report.verdict = Verdict::Failed { why: failure };
        return Ok(());
    }
    let mut examination = Examination::new(reference, tolerance, options.work.unwrap_or_default());
    for pair in &pairs {
        let why = match pair.other {
            None => "the device did not run this",
            Some(other) if other.failure.is_none() && pair.reference.failure.is_some() => {
                "the device answered a run that failed on the reference"
            }
            _ => continue,
        };
        let model = reference.load_of(pair.reference).map_or("", |load| &load.model);
        examination.note(pair.nth, model, "", Metric::Outcome, || why.to_owned());
    }
    examination.examine(&pairs)?;
    let (outputs, findings) = examination.finish();
    notes(report, &pairs, other, reference);
    for output in &outputs {
        let ranking = output.comparison.ranking;
        let other_top = ranking.rows - ranking.top1;
        if other_top > 0 && output.runs_outside == 0 {
            report.notes.push(format!(
                "{}: {other_top} of {} rows have a different largest element, within the tolerance",
                output.output, ranking.rows
            ));
        }
    }
    report.verdict = match findings.is_empty() {
        true => Verdict::Equivalent { tolerance },
        false => Verdict::Differs { tolerance },
    };
    (report.outputs, report.findings) = (outputs, findings);
    Ok(())
}

/// A model that only the reference could load. Apps may go on without it.
fn unloaded(reference: &Recording, other: &Recording) -> Option<String> {
    let loaded = |recording: &Recording, digest: &str| {
        recording.loads.iter().any(|load| load.digest == digest && load.failure.is_none())
    };
    other.loads.iter().find_map(|load| {
        let failure = load.failure.as_ref()?;
        let only_there = loaded(reference, &load.digest) && !loaded(other, &load.digest);
        only_there.then(|| format!("loading {}: {failure}", load.model))
    })
}

fn notes(report: &mut DeviceReport, pairs: &[Pair<'_>], other: &Recording, reference: &Recording) {
    let changed = pairs.iter().filter(|pair| pair.other.is_some() && !pair.same_inputs).count();
    if changed > 0 {
        report.notes.push(format!(
            "{changed} of {} runs had other inputs than on the reference, since apps reuse outputs",
            pairs.len()
        ));
    }
    if other.runs.len() > reference.runs.len() {
        report.notes.push(format!(
            "the device ran {} times and the reference {} times",
            other.runs.len(),
            reference.runs.len()
        ));
    }
}

/// The tolerance for the less precise of the two devices, unless one is given.
fn tolerance(
    reference: Option<&DeviceStamp>,
    other: Option<&DeviceStamp>,
    options: &ReportOptions,
) -> Tolerance {
    let profile =
        |stamp: Option<&DeviceStamp>| stamp.map_or(ProfileName::Fp32, ProfileName::of_device);
    let chosen = options.profile.unwrap_or_else(|| profile(reference).max(profile(other)));
    options.tolerance.unwrap_or_else(|| chosen.tolerance(options.work.unwrap_or_default()))
}
