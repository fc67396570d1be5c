//! tract called from Rust.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tract_onnx::prelude::{
    Framework as _, InferenceModelExt as _, IntoArcTensor as _, Tensor, TypedSimplePlan, tvec,
};
use tract_onnx::tract_core::internal::IntoTValue as _;

use super::Native;
use crate::ladder::Rung;
use crate::measure::Side;
use crate::measure::guest::{Work, digest};

/// A plan made by the same steps as the CPU backend's, on one thread.
pub(crate) struct Tract {
    plan: Arc<TypedSimplePlan>,
    work: Work,
    input: Arc<Tensor>,
}

impl Tract {
    pub(crate) fn new(rung: &Rung) -> Result<Self> {
        let onnx = tract_onnx::onnx();
        let proto = onnx.proto_model_for_read(&mut rung.onnx.as_slice())?;
        let mut model = onnx.parse(&proto, None)?.model.into_typed()?;
        model.declutter()?;
        model.optimize()?;
        let work = rung.work.clone();
        let input = Tensor::from_shape(&work.dims, &work.values())?.into_arc_tensor();
        Ok(Self { plan: TypedSimplePlan::new(model)?, work, input })
    }
}

impl Native for Tract {
    fn digest(&self) -> Result<u64> {
        let outputs = self.plan.spawn()?.run(tvec!(self.input.clone().into_tvalue()))?;
        let output = outputs.first().context("the model gave no output")?;
        Ok(digest(output.as_bytes()))
    }
}

impl Side for Tract {
    /// Each run gets an input that is there already, and leaves its output where it is.
    fn block(&self, runs: u32) -> Result<Duration> {
        let mut state = self.plan.spawn()?;
        for _ in 0..self.work.warm_up(runs) {
            state.run(tvec!(self.input.clone().into_tvalue()))?;
        }
        let began = Instant::now();
        for _ in 0..runs {
            black_box(state.run(tvec!(self.input.clone().into_tvalue()))?);
        }
        Ok(began.elapsed())
    }
}
