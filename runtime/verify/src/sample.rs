//! Running a model on a device with inputs known beforehand, without a guest.

use std::sync::Arc;
use std::time::Instant;

use godwit_backend::{
    Backend, Device, Digest, Error, ExecutionContext, Graph, Memory, Model, Quota, Result, Target,
    Tensor, Tensors,
};

use crate::recording::{Captured, Failure, LoadRecord, Recording, RunRecord};

/// Inputs of one run of one model.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The model's digest, in hexadecimal.
    pub digest: String,
    /// The inputs by name.
    pub inputs: Vec<(String, Tensor)>,
}

impl Recording {
    /// What was asked, to ask it elsewhere. Runs that were dropped unfinished are left out.
    pub fn samples(&self) -> Vec<Sample> {
        (0..self.runs.len()).filter_map(|nth| self.sample(nth)).collect()
    }

    /// What was asked in run number `nth`, from 0.
    pub fn sample(&self, nth: usize) -> Option<Sample> {
        let run = self.runs.get(nth)?;
        if run.inputs.is_empty() && run.failure.is_some() {
            return None;
        }
        let inputs = run.inputs.iter().map(|held| (held.name.clone(), held.tensor.clone()));
        let digest = self.load_of(run)?.digest.clone();
        Some(Sample { digest, inputs: inputs.collect() })
    }
}

/// How a [`Replay`] runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayOptions {
    /// Runs of the first sample of each model that are not measured. Default: 1.
    pub warmup: usize,
    /// How often each sample is run, from 1. Answers that differ between repeats are reported. Default: 3.
    pub repeats: usize,
}

impl Default for ReplayOptions {
    fn default() -> Self {
        Self { warmup: 1, repeats: 3 }
    }
}

/// Samples and the models they are for.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The models, found by their digests. Another of the same name stands in where a device does not
    /// read the encoding of the first: they are variants of one model.
    pub models: Vec<Model>,
    /// What to run, in order.
    pub samples: Vec<Sample>,
    /// How.
    pub options: ReplayOptions,
}

impl Replay {
    /// Runs every sample on one device. Failures of the device are in the recording.
    ///
    /// # Errors
    ///
    /// `NotFound` when a sample is for a model that is not among [`Replay::models`]; nothing has run then.
    pub async fn run(&self, backend: &Arc<dyn Backend>, target: &Target) -> Result<Recording> {
        for sample in &self.samples {
            self.model(&sample.digest)?;
        }
        let devices = backend.devices().unwrap_or_default();
        let device = devices.iter().find(|device| device.answers_to(&target.device));
        let mut stage = Stage { recording: Recording::default(), contexts: Vec::new() };
        for sample in &self.samples {
            let model = self.variant(self.model(&sample.digest)?, device);
            stage.run(self, model, backend, target, sample).await;
        }
        Ok(stage.recording)
    }

    /// `model`, or the first of its name that `device` reads.
    fn variant<'a>(&'a self, model: &'a Model, device: Option<&Device>) -> &'a Model {
        let Some(device) = device else { return model };
        let reads = |model: &&Model| device.capabilities.encodings.contains(&model.encoding());
        let named = self.models.iter().filter(|other| other.name() == model.name());
        std::iter::once(model).chain(named).find(reads).unwrap_or(model)
    }

    fn model(&self, digest: &str) -> Result<&Model> {
        let found = self.models.iter().find(|model| model.digest().to_string() == digest);
        found.ok_or_else(|| {
            let short: String = digest.chars().take(12).collect();
            Error::not_found(format!(
                "the recording is of a model {short} that is not among those given"
            ))
        })
    }
}

struct Stage {
    recording: Recording,
    contexts: Vec<Open>,
}

type Ready = (Arc<dyn Graph>, Box<dyn ExecutionContext>);

/// A model that was loaded, or could not be.
struct Open {
    digest: String,
    load: usize,
    ready: Result<Ready, Failure>,
}

impl Stage {
    async fn run(
        &mut self,
        replay: &Replay,
        model: &Model,
        backend: &Arc<dyn Backend>,
        target: &Target,
        sample: &Sample,
    ) {
        let at = match self.contexts.iter().position(|open| open.digest == sample.digest) {
            Some(at) => at,
            None => {
                let open = self.open(model, backend, target, &sample.digest).await;
                self.contexts.push(open);
                self.contexts.len() - 1
            }
        };
        let Some(open) = self.contexts.get_mut(at) else { return };
        let mut run = RunRecord {
            load: open.load,
            inputs: captured(&sample.inputs),
            outputs: Vec::new(),
            failure: None,
            seconds: Vec::new(),
            unsteady: false,
        };
        let warm = self.recording.runs.iter().any(|run| run.load == open.load);
        let warmup = if warm { 0 } else { replay.options.warmup };
        match &mut open.ready {
            Err(failure) => run.failure = Some(failure.clone()),
            Ok((graph, context)) => {
                let done = measure(graph, &mut **context, sample, warmup, replay, &mut run).await;
                if let Err(error) = done {
                    run.outputs.clear();
                    run.failure = Some(Failure::from(&error));
                }
            }
        }
        self.recording.runs.push(run);
    }

    async fn open(
        &mut self,
        model: &Model,
        backend: &Arc<dyn Backend>,
        target: &Target,
        digest: &str,
    ) -> Open {
        let began = Instant::now();
        let graph = backend.load(model, target).await;
        let seconds = began.elapsed().as_secs_f64();
        self.recording.loads.push(LoadRecord::of(model, target, &graph, seconds));
        let load = self.recording.loads.len() - 1;
        let ready = match graph {
            Ok(graph) => match graph.context(&Quota::unlimited()).await {
                Ok(context) => Ok((graph, context)),
                Err(error) => Err(Failure::from(&error)),
            },
            Err(error) => Err(Failure::from(&error)),
        };
        Open { digest: digest.to_owned(), load, ready }
    }
}

async fn measure(
    graph: &Arc<dyn Graph>,
    context: &mut dyn ExecutionContext,
    sample: &Sample,
    warmup: usize,
    replay: &Replay,
    run: &mut RunRecord,
) -> Result<()> {
    let inputs = graph.info().signature.arrange(sample.inputs.iter().cloned())?;
    for _ in 0..warmup {
        context.run(inputs.clone()).await?;
    }
    for repeat in 0..replay.options.repeats.max(1) {
        let began = Instant::now();
        let outputs = context.run(inputs.clone()).await?;
        run.seconds.push(began.elapsed().as_secs_f64());
        let outputs = near(graph, &outputs).await?;
        if repeat == 0 {
            run.outputs = outputs;
        } else {
            let same = run.outputs.iter().map(|o| o.digest).eq(outputs.iter().map(|o| o.digest));
            run.unsteady |= !same;
        }
    }
    Ok(())
}

async fn near(graph: &Arc<dyn Graph>, outputs: &Tensors) -> Result<Vec<Captured>> {
    let mut named = Vec::new();
    for (place, output) in outputs.iter().enumerate() {
        let bytes = output.to_host(&Memory::unlimited()).await?;
        let tensor = Tensor::new(output.dtype(), output.shape().clone(), bytes)?;
        // A device that gives more than its signature says still gets compared.
        let info = graph.info().signature.outputs.get(place);
        let name = info.map_or_else(|| place.to_string(), |info| info.name.to_string());
        named.push((name, tensor));
    }
    Ok(captured(&named))
}

fn captured(named: &[(String, Tensor)]) -> Vec<Captured> {
    let host = |tensor: &Tensor| tensor.host().map(|bytes| Digest::of(bytes));
    let captured = named.iter().filter_map(|(name, tensor)| {
        Some(Captured { name: name.clone(), digest: host(tensor)?, tensor: tensor.clone() })
    });
    captured.collect()
}
