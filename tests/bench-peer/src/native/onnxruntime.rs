//! ONNX Runtime called from Rust.

use std::hint::black_box;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use ort::execution_providers::CPUExecutionProvider;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;

use super::Native;
use crate::measure::Side;
use crate::measure::guest::{Work, digest};

pub(crate) struct OnnxRuntime {
    session: Mutex<Session>,
    work: Work,
    values: Vec<f32>,
}

impl OnnxRuntime {
    /// A session as wasmtime-wasi-nn makes one.
    pub(crate) fn new(model: &[u8], work: &Work) -> Result<Self> {
        let session = Session::builder()?
            .with_execution_providers([CPUExecutionProvider::default().build()])?
            .with_optimization_level(GraphOptimizationLevel::Level3)?
            .commit_from_memory(model)?;
        Ok(Self { session: Mutex::new(session), work: work.clone(), values: work.values() })
    }

    /// One inference on an input that is there already; `read` sees the output where it lies.
    fn once<T>(&self, session: &mut Session, read: impl FnOnce(&[f32]) -> T) -> Result<T> {
        let input =
            TensorRef::from_array_view((self.work.dims.as_slice(), self.values.as_slice()))?;
        let outputs = session.run(ort::inputs![self.work.input.as_str() => input])?;
        let (_, values) = outputs[0].try_extract_tensor::<f32>()?;
        Ok(read(values))
    }
}

impl Native for OnnxRuntime {
    fn digest(&self) -> Result<u64> {
        let mut session = self.session.lock().map_err(|_| anyhow!("poisoned"))?;
        self.once(&mut session, |values| {
            digest(&values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())
        })
    }
}

impl Side for OnnxRuntime {
    fn block(&self, runs: u32) -> Result<Duration> {
        let mut session = self.session.lock().map_err(|_| anyhow!("poisoned"))?;
        for _ in 0..self.work.warm_up(runs) {
            self.once(&mut session, |_| ())?;
        }
        let began = Instant::now();
        for _ in 0..runs {
            self.once(&mut session, |values| {
                black_box(values);
            })?;
        }
        Ok(began.elapsed())
    }
}
