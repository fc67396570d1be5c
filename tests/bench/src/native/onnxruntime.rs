//! ONNX Runtime called from Rust.

use std::hint::black_box;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use ort::environment::Environment;
use ort::memory::Allocator;
use ort::session::builder::SessionBuilder;
use ort::session::{IoBinding, Session};
use ort::value::Tensor;

use super::Native;
use crate::ladder::Rung;
use crate::measure::Side;
use crate::measure::guest::{Work, digest};

pub(crate) struct OnnxRuntime {
    environment: Environment,
    onnx: Vec<u8>,
    work: Work,
    /// One for each thread that ever ran at the same time: a session's bindings want it for themselves.
    idle: Mutex<Vec<Session>>,
}

/// The crate allows one a process.
fn environment(library: &Path) -> Result<Environment> {
    static ENVIRONMENT: Mutex<Option<Environment>> = Mutex::new(None);
    let mut environment = ENVIRONMENT.lock().map_err(|_| anyhow!("poisoned"))?;
    if environment.is_none() {
        *environment = Some(ort::init_from(library)?.build()?);
    }
    environment.clone().context("an environment")
}

impl OnnxRuntime {
    pub(crate) fn new(library: &Path, rung: &Rung) -> Result<Self> {
        let environment = environment(library)?;
        let (onnx, work) = (rung.onnx.clone(), rung.work.clone());
        Ok(Self { environment, onnx, work, idle: Mutex::default() })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Session) -> Result<T>) -> Result<T> {
        let idle = || self.idle.lock().map_err(|_| anyhow!("poisoned"));
        let waiting = idle()?.pop();
        let mut session = waiting.map_or_else(|| self.load(), Ok)?;
        let outcome = act(&mut session);
        idle()?.push(session);
        outcome
    }

    fn load(&self) -> Result<Session> {
        // The error of an option gives the builder back, which is of no use here.
        let refused = |error: ort::Error<SessionBuilder>| anyhow!("{error}");
        let builder = Session::builder(&self.environment)?;
        let builder = builder.with_independent_thread_pool().map_err(refused)?;
        let builder = builder.with_intra_threads(1).map_err(refused)?;
        let mut builder = builder.with_inter_threads(1).map_err(refused)?;
        Ok(builder.commit_from_memory(&self.onnx)?)
    }

    /// The input where it will be read and the output, whose shape a first run tells, where it will be
    /// written.
    fn bind(&self, session: &mut Session) -> Result<IoBinding> {
        let input = Tensor::from_array((self.work.dims.as_slice(), self.work.values()))?;
        let outputs = session.run(ort::inputs![self.work.input.as_str() => &input])?;
        let (shape, _) = outputs[0].try_extract_tensor::<f32>()?;
        let sizes = shape.iter().map(|&dim| usize::try_from(dim)).collect::<Result<Vec<_>, _>>()?;
        drop(outputs);
        let name = session.outputs().first().context("the model has no output")?.name().to_owned();
        let mut binding = session.create_binding()?;
        binding.bind_input(&self.work.input, &input)?;
        binding.bind_output(name, Tensor::<f32>::new(&Allocator::default(), sizes)?)?;
        Ok(binding)
    }
}

impl Native for OnnxRuntime {
    fn digest(&self) -> Result<u64> {
        self.with(|session| {
            let binding = self.bind(session)?;
            let outputs = session.run_binding(&binding)?;
            let (_, values) = outputs[0].try_extract_tensor::<f32>()?;
            Ok(digest(&values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>()))
        })
    }
}

impl Side for OnnxRuntime {
    fn block(&self, runs: u32) -> Result<Duration> {
        self.with(|session| {
            let binding = self.bind(session)?;
            for _ in 0..self.work.warm_up(runs) {
                session.run_binding(&binding)?;
            }
            let began = Instant::now();
            for _ in 0..runs {
                black_box(session.run_binding(&binding)?);
            }
            Ok(began.elapsed())
        })
    }
}
