//! Golden files: earlier outputs and times, to compare with.

use std::collections::BTreeMap;

use godwit_backend::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::compare::host;
use crate::number::{count, dtype_named, values};
use crate::profile::{ProfileName, Tolerance, Work};
use crate::recording::{Captured, DeviceStamp, Recording, RunRecord};
use crate::report::{Artifact, Attempt};
use crate::stats::{Latency, Slowdown};
use crate::{digest, files};

const FORMAT: &str = "godwit-golden";
const VERSION: u32 = 1;
/// Of larger outputs, this many elements are kept, evenly spaced.
const KEPT: usize = 1024;

/// Outputs and times of devices at one time, small enough for version control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    format: String,
    version: u32,
    devices: Vec<Kept>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    stamp: DeviceStamp,
    latency: Option<Latency>,
    load_seconds: f64,
    footprint: u64,
    runs: Vec<KeptRun>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptRun {
    model: Artifact,
    /// The digest of all inputs: names, dtypes, shapes and bytes.
    inputs: String,
    outputs: Vec<KeptOutput>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptOutput {
    name: String,
    dtype: String,
    shape: Vec<usize>,
    digest: String,
    nans: u64,
    rms: f64,
    min: Option<f64>,
    max: Option<f64>,
    /// Evenly spaced elements; `null` if not finite.
    values: Vec<Option<f64>>,
}

/// A change since a [`Golden`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The device.
    pub device: String,
    /// The kind of change.
    #[serde(rename = "change")]
    pub kind: ChangeKind,
    /// A sentence with the figures.
    pub what: String,
}

/// The kinds of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// The same outputs, as fast as before.
    Equal,
    /// The bytes of outputs changed, within the tolerance.
    Bits,
    /// It is faster than before.
    Faster,
    /// The library or the product changed.
    Library,
    /// The device is new.
    New,
    /// The inputs or the models differ from the golden file: nothing can be compared.
    Inputs,
    /// It is slower than before.
    Slower,
    /// The device no longer answers.
    Missing,
    /// The outputs changed beyond the tolerance.
    Answer,
}

impl ChangeKind {
    /// Whether it is a regression.
    pub fn is_regression(self) -> bool {
        matches!(self, Self::Answer | Self::Slower | Self::Missing)
    }

    /// A word or two for tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Bits => "other bits",
            Self::Faster => "faster",
            Self::Library => "library changed",
            Self::New => "new",
            Self::Inputs => "not comparable",
            Self::Slower => "slower",
            Self::Missing => "missing",
            Self::Answer => "changed answer",
        }
    }
}

/// The options of [`Golden::compare`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GoldenOptions {
    /// The profile; otherwise that of the device's precision.
    pub profile: Option<ProfileName>,
    /// The rounding that the models do.
    pub work: Work,
    /// The slowdown factor that counts as a regression. Default: 1.25.
    pub slower: f64,
}

impl Default for GoldenOptions {
    fn default() -> Self {
        Self { profile: None, work: Work::default(), slower: 1.25 }
    }
}

impl Golden {
    /// The outputs and times of all devices that answered.
    ///
    /// # Errors
    ///
    /// When a tensor is not on the host.
    pub fn of(attempts: &[Attempt]) -> Result<Self> {
        let answered = attempts.iter().filter_map(Attempt::answered);
        let devices = answered.filter_map(|recording| Some((recording, recording.device()?)));
        let devices = devices.map(|(recording, stamp)| keep(recording, stamp));
        let devices = devices.collect::<Result<_>>()?;
        Ok(Self { format: FORMAT.into(), version: VERSION, devices })
    }

    /// Reads a golden file's bytes.
    ///
    /// # Errors
    ///
    /// `InvalidEncoding` when it is not one of this version.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let golden: Self = serde_json::from_slice(bytes).map_err(|error| {
            Error::invalid_encoding("the file is not a golden file").with_source(error)
        })?;
        match golden.format == FORMAT && golden.version == VERSION {
            true => Ok(golden),
            false => {
                Err(Error::invalid_encoding("the version of the golden file is not supported"))
            }
        }
    }

    /// The file's bytes.
    ///
    /// # Errors
    ///
    /// `Internal` when it cannot be written as JSON.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        files::json("the golden file", self)
    }

    /// The changes: at least one for every device on either side.
    ///
    /// # Errors
    ///
    /// When a tensor is not on the host.
    pub fn compare(&self, now: &[Attempt], options: &GoldenOptions) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        let change = |device: &str, kind, what: &str| Change {
            device: device.to_owned(),
            kind,
            what: what.to_owned(),
        };
        for attempt in now {
            let device = &attempt.device;
            let before = self.devices.iter().find(|kept| kept.stamp.id == attempt.device);
            match (before, attempt.answered()) {
                (Some(before), Some(recording)) => {
                    changes.extend(before.compare(recording, options)?);
                }
                (Some(_), None) => {
                    let what = "it answered before, and does not now";
                    changes.push(change(device, ChangeKind::Missing, what));
                }
                (None, Some(_)) => {
                    changes.push(change(device, ChangeKind::New, "it is not in the golden file"));
                }
                (None, None) => {}
            }
        }
        Ok(changes)
    }
}

fn keep(recording: &Recording, stamp: &DeviceStamp) -> Result<Kept> {
    let runs = recording.runs.iter().filter(|run| run.failure.is_none());
    let runs = runs.map(|run| {
        let load = recording.load_of(run);
        let model = load.map(|load| (load.model.clone(), load.digest.clone())).unwrap_or_default();
        Ok(KeptRun {
            model: Artifact { name: model.0, digest: model.1 },
            inputs: inputs(run),
            outputs: run.outputs.iter().map(KeptOutput::of).collect::<Result<_>>()?,
        })
    });
    Ok(Kept {
        stamp: stamp.clone(),
        latency: Latency::of(&recording.latencies()),
        load_seconds: recording.load_seconds(),
        footprint: recording.footprint(),
        runs: runs.collect::<Result<_>>()?,
    })
}

fn inputs(run: &RunRecord) -> String {
    let text =
        run.inputs.iter().map(|held| format!("{} {} {}\n", held.name, held.tensor, held.digest));
    digest(text.collect::<String>().as_bytes())
}

impl Kept {
    fn compare(&self, now: &Recording, options: &GoldenOptions) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        let mut add = |kind, what: String| {
            changes.push(Change { device: self.stamp.id.clone(), kind, what });
        };
        if let Some(stamp) = now.device().filter(|stamp| **stamp != self.stamp) {
            let (before, after) = (&self.stamp, stamp);
            add(
                ChangeKind::Library,
                format!(
                    "{} on {} ({}) was {} on {} ({})",
                    after.driver,
                    after.name,
                    after.precision,
                    before.driver,
                    before.name,
                    before.precision
                ),
            );
        }
        match self.answers(now, options)? {
            Answers::Equal => {}
            Answers::Bits(what) => add(ChangeKind::Bits, what),
            Answers::Changed(what) => add(ChangeKind::Answer, what),
            Answers::Incomparable => add(
                ChangeKind::Inputs,
                "no run has the model and the inputs of a run in the golden file".to_owned(),
            ),
        }
        if let (Some(before), Some(after)) = (&self.latency, Latency::of(&now.latencies())) {
            let slowdown = after.against(before);
            let what = |word| speed(word, &slowdown, before, &after);
            if slowdown.exceeds(options.slower) {
                add(ChangeKind::Slower, what("slower"));
            } else if slowdown.is_faster(options.slower) {
                add(ChangeKind::Faster, what("as long"));
            }
        }
        if changes.is_empty() {
            let what = format!("{} run(s) gave the same bytes", self.runs.len());
            changes.push(Change { device: self.stamp.id.clone(), kind: ChangeKind::Equal, what });
        }
        Ok(changes)
    }

    fn answers(&self, now: &Recording, options: &GoldenOptions) -> Result<Answers> {
        let mut before: BTreeMap<(String, String), Vec<&KeptRun>> = BTreeMap::new();
        for run in self.runs.iter().rev() {
            let key = (run.model.digest.clone(), run.inputs.clone());
            before.entry(key).or_default().push(run);
        }
        let profile = options.profile.unwrap_or_else(|| ProfileName::of_device(&self.stamp));
        let tolerance = profile.tolerance(options.work);
        let (mut compared, mut bits) = (0u64, 0u64);
        for run in now.runs.iter().filter(|run| run.failure.is_none()) {
            let model = now.load_of(run).map(|load| load.digest.clone()).unwrap_or_default();
            let known = before.get_mut(&(model, inputs(run))).and_then(Vec::pop);
            let Some(known) = known else { continue };
            compared += 1;
            for was in &known.outputs {
                let Some(is) = run.outputs.iter().find(|held| held.name == was.name) else {
                    return Ok(Answers::Changed(format!("the output '{}' is gone", was.name)));
                };
                let is = KeptOutput::of(is)?;
                bits += u64::from(is.digest != was.digest);
                if let Some(what) = was.beyond(&is, &tolerance) {
                    return Ok(Answers::Changed(what));
                }
            }
        }
        Ok(match (compared, bits) {
            (0, _) => Answers::Incomparable,
            (_, 0) => Answers::Equal,
            _ => Answers::Bits(format!(
                "{bits} output(s) of {compared} run(s) have different bytes, within {profile}"
            )),
        })
    }
}

fn speed(word: &str, slowdown: &Slowdown, before: &Latency, after: &Latency) -> String {
    format!(
        "{:.2} times {word} ({:.2} to {:.2}): a run took {} before, and now takes {}",
        slowdown.ratio,
        slowdown.least,
        slowdown.most,
        crate::display::seconds(before.median),
        crate::display::seconds(after.median)
    )
}

enum Answers {
    Equal,
    Bits(String),
    Changed(String),
    Incomparable,
}

impl KeptOutput {
    fn of(held: &Captured) -> Result<Self> {
        let dtype = held.tensor.dtype();
        let all = values(dtype, host(&held.tensor)?);
        let finite = || all.iter().copied().filter(|value| value.is_finite());
        let squares: f64 = finite().map(|value| value * value).sum();
        let step = all.len().div_ceil(KEPT).max(1);
        Ok(Self {
            name: held.name.clone(),
            dtype: dtype.to_string(),
            shape: held.tensor.shape().to_vec(),
            digest: held.digest.to_string(),
            nans: all.iter().filter(|value| value.is_nan()).count() as u64,
            rms: (squares / count(finite().count().max(1) as u64)).sqrt(),
            min: finite().reduce(f64::min),
            max: finite().reduce(f64::max),
            values: all.iter().step_by(step).map(|v| v.is_finite().then_some(*v)).collect(),
        })
    }

    /// What is outside of the tolerance, if anything.
    fn beyond(&self, now: &Self, tolerance: &Tolerance) -> Option<String> {
        if self.digest == now.digest && self.dtype == now.dtype && self.shape == now.shape {
            return None;
        }
        let name = &self.name;
        if (&self.dtype, &self.shape) != (&now.dtype, &now.shape) {
            return Some(format!(
                "'{name}' was {} {:?} and is {} {:?}",
                self.dtype, self.shape, now.dtype, now.shape
            ));
        }
        if self.nans != now.nans {
            return Some(format!("'{name}' had {} NaN(s) and has {}", self.nans, now.nans));
        }
        let tolerance =
            dtype_named(&self.dtype).map_or(*tolerance, |dtype| tolerance.for_output(dtype));
        let float = dtype_named(&self.dtype).is_some_and(crate::number::is_float);
        let allowed = |value: f64| match float {
            true => tolerance.relative * (value.abs() + self.rms) + tolerance.absolute,
            false => 0.0,
        };
        let ends = [(&self.min, &now.min), (&self.max, &now.max)];
        let pairs = self.values.iter().zip(&now.values).chain(ends);
        for (was, is) in pairs {
            let far = match (was, is) {
                (Some(was), Some(is)) => (was - is).abs() > allowed(*was),
                (None, None) => false,
                _ => true,
            };
            if far {
                let shown = |value: &Option<f64>| {
                    value.map_or_else(|| "not finite".to_owned(), |value| format!("{value:.6}"))
                };
                return Some(format!("'{name}' has {} where it had {}", shown(is), shown(was)));
            }
        }
        None
    }
}
