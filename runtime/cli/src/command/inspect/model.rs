use std::path::Path;

use bytesize::ByteSize;
use godwit_backend::{Backend, Device, DeviceId, Digest, Encoding, Model, Signature, Target};
use godwit_model::{Format, Limits, Summary, precheck};
use godwit_platform::{Platform, PlatformOptions, models};
use godwit_policy::{AdmissionLimits, Ledger};
use serde::Serialize;

use super::size;
use crate::describe::{line, lines};
use crate::error::Result;
use crate::progress::Progress;
use crate::runtime;

/// What a model file says of itself, and which devices can load it.
#[derive(Debug, Serialize)]
pub(super) struct ModelFacts {
    file: String,
    encoding: Encoding,
    size: u64,
    sha256: Digest,
    /// `None` for encodings of which only the header is looked at.
    summary: Option<Summary>,
    /// The file's, or where the file leaves it open, what a device found.
    signature: Option<Signature>,
    devices: Vec<Trial>,
}

/// What came of loading the model on one device.
#[derive(Debug, Serialize)]
struct Trial {
    device: DeviceId,
    loads: bool,
    /// Bytes of device memory it takes.
    footprint: Option<u64>,
    /// Why it does not load.
    why: Option<String>,
}

impl ModelFacts {
    pub(super) fn of(
        path: &Path,
        encoding: Option<Encoding>,
        options: &PlatformOptions,
    ) -> Result<Self> {
        let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
        let model = models::read(&name, path, encoding)?;
        let summary = precheck(&model, &Limits::default())
            .map_err(|error| models::unusable(&model, path, "any device", &error))?;
        let (signature, devices) = runtime::block_on(async { Ok(try_all(&model, options).await) })?;
        let stated = summary.as_ref().and_then(|summary| summary.signature().ok().cloned());
        Ok(Self {
            file: path.display().to_string(),
            encoding: model.encoding(),
            size: model.byte_len(),
            sha256: model.digest(),
            summary,
            signature: stated.or(signature),
            devices,
        })
    }

    pub(super) fn human(&self) -> String {
        let empty = Signature::default();
        let signature = self.signature.as_ref().unwrap_or(&empty);
        [
            line("kind", "model"),
            line("encoding", self.encoding),
            self.summary.as_ref().map(format).unwrap_or_default(),
            line("size", size(self.size)),
            line("sha256", self.sha256),
            lines("inputs", signature.inputs.iter().map(ToString::to_string)),
            lines("outputs", signature.outputs.iter().map(ToString::to_string)),
            self.summary.as_ref().map(contents).unwrap_or_default(),
            lines("devices", self.devices.iter().map(trial)),
        ]
        .concat()
    }
}

async fn try_all(model: &Model, options: &PlatformOptions) -> (Option<Signature>, Vec<Trial>) {
    let platform = Progress::during("loading engines", || Platform::open(options));
    let backend = platform.tenant(AdmissionLimits::default(), &Ledger::new());
    let mut signature = None;
    let mut trials = Vec::new();
    for device in platform.devices() {
        let progress = Progress::new(format!("loading on {}", device.id));
        let served = models::served(model.name(), std::slice::from_ref(model));
        let model = match platform.is_service(&device.id) {
            true => served.as_ref().unwrap_or(model),
            false => model,
        };
        let (found, trial) = try_one(&*backend, model, device).await;
        drop(progress);
        signature = signature.or(found);
        trials.push(trial);
    }
    (signature, trials)
}

async fn try_one(
    backend: &dyn Backend,
    model: &Model,
    device: &Device,
) -> (Option<Signature>, Trial) {
    let id = device.id.clone();
    match backend.load(model, &Target::new(id.as_str())).await {
        Ok(graph) => {
            let footprint = Some(graph.info().footprint.total());
            let trial = Trial { device: id, loads: true, footprint, why: None };
            (Some(graph.info().signature.clone()), trial)
        }
        Err(error) => {
            let why = Some(error.report());
            (None, Trial { device: id, loads: false, footprint: None, why })
        }
    }
}

fn format(summary: &Summary) -> String {
    match &summary.format {
        Format::Onnx { ir_version, opsets, producer, .. } => {
            let opsets = opsets.iter().map(|(domain, version)| format!("{domain} {version}"));
            let opsets: Vec<String> = opsets.collect();
            let mut text = line("format", format!("ir {ir_version}, opset {}", opsets.join(", ")));
            if !producer.is_empty() {
                text.push_str(&line("producer", producer));
            }
            text
        }
        Format::Openvino { ir_version } => line("format", format!("ir {ir_version}")),
    }
}

fn contents(summary: &Summary) -> String {
    let Summary { operators, nodes, parameters, parameter_bytes, .. } = summary;
    let bytes = ByteSize(*parameter_bytes).display().si();
    let counts = operators.iter().map(|(operator, count)| format!("{operator} x {count}"));
    let counts: Vec<String> = counts.collect();
    let counts = counts.chunks(6).map(|few| few.join(", "));
    [
        line("parameters", format!("{parameters} in {bytes}")),
        line("nodes", nodes),
        lines("operators", counts),
    ]
    .concat()
}

fn trial(trial: &Trial) -> String {
    let Trial { device, footprint, why, .. } = trial;
    match (footprint, why) {
        (Some(bytes), _) => {
            format!("{device}: loads, {} of device memory", ByteSize(*bytes).display().si())
        }
        (None, Some(why)) => format!("{device}: {why}"),
        (None, None) => format!("{device}: cannot load it"),
    }
}
