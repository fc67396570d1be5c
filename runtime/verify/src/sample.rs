//! Runs models with given inputs, without a guest.

use std::sync::Arc;
use std::time::Instant;

use godwit_backend::{
    Backend, Device, Digest, Error, ExecutionContext, Graph, Memory, Model, Quota, Result, Target,
    Tensor, Tensors, on_host,
};

use crate::recording::{Captured, LoadRecord, RecordedError, Recording, RunRecord};

/// Inputs of one run of one model.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The model's digest, in hexadecimal.
    pub digest: String,
    /// The inputs by name.
    pub inputs: Vec<(String, Tensor)>,
}

impl Recording {
    /// The inputs of all runs, to run them on another device. Cancelled runs are left out.
    pub fn samples(&self) -> Vec<Sample> {
        (0..self.runs.len()).filter_map(|nth| self.sample(nth)).collect()
    }

    /// The inputs of run number `nth`, from 0.
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

/// The options of a [`Replay`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayOptions {
    /// Runs of the first sample of each model that are not measured. Default: 1.
    pub warmup: usize,
    /// How often each sample is run, at least 1. Repetitions with different outputs are reported. Default: 3.
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
    /// The models, looked up by digest. Models of one name are variants of each other: the first whose encoding the
    /// device supports is used.
    pub models: Vec<Model>,
    /// The samples, in order.
    pub samples: Vec<Sample>,
    /// How to run them.
    pub options: ReplayOptions,
}

impl Replay {
    /// Runs every sample on one device. Errors of the device are in the recording.
    ///
    /// # Errors
    ///
    /// `NotFound` if the model of a sample is missing in [`Replay::models`]; then nothing has run.
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

    /// `model`, or the first of its name that `device` supports.
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
            Error::not_found(format!("the recording needs the model {short}, which is not given"))
        })
    }
}

struct Stage {
    recording: Recording,
    contexts: Vec<Open>,
}

type Ready = (Arc<dyn Graph>, Box<dyn ExecutionContext>);

/// A loaded model, or why it is not loaded.
struct Open {
    digest: String,
    load: usize,
    ready: Result<Ready, RecordedError>,
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
        let inputs = captured(&sample.inputs);
        let mut run = RunRecord { inputs, ..RunRecord::of_load(open.load) };
        let warm = self.recording.runs.iter().any(|run| run.load == open.load);
        let warmup = if warm { 0 } else { replay.options.warmup };
        match &mut open.ready {
            Err(failure) => run.failure = Some(failure.clone()),
            Ok((graph, context)) => {
                let done = measure(graph, &mut **context, sample, warmup, replay, &mut run).await;
                if let Err(error) = done {
                    run.outputs.clear();
                    run.failure = Some(RecordedError::from(&error));
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
        let ready = async {
            let graph = graph?;
            let context = graph.context(&Quota::unlimited()).await?;
            Ok((graph, context))
        };
        let ready = ready.await.map_err(|error: Error| RecordedError::from(&error));
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
        let outputs = captured(&named(graph, on_host(outputs, &Memory::unlimited()).await?));
        if repeat == 0 {
            run.outputs = outputs;
        } else {
            let same = run.outputs.iter().map(|o| o.digest).eq(outputs.iter().map(|o| o.digest));
            run.unsteady |= !same;
        }
    }
    Ok(())
}

fn named(graph: &Arc<dyn Graph>, outputs: Tensors) -> Vec<(String, Tensor)> {
    let infos = &graph.info().signature.outputs;
    let named = outputs.into_iter().enumerate().map(|(index, output)| {
        // A device with more outputs than its signature is compared too.
        let name = infos.get(index).map_or_else(|| index.to_string(), |info| info.name.to_string());
        (name, output)
    });
    named.collect()
}

fn captured(named: &[(String, Tensor)]) -> Vec<Captured> {
    let host = |tensor: &Tensor| tensor.host().map(|bytes| Digest::of(bytes));
    let captured = named.iter().filter_map(|(name, tensor)| {
        Some(Captured { name: name.clone(), digest: host(tensor)?, tensor: tensor.clone() })
    });
    captured.collect()
}
