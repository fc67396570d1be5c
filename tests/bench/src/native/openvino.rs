//! OpenVINO called from Rust, by its developers' own crate.

use std::hint::black_box;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use openvino::{
    CompiledModel, Core, DeviceType, ElementType, InferRequest, RwPropertyKey, Shape, Tensor,
};

use super::Native;
use crate::ladder::Rung;
use crate::measure::Side;
use crate::measure::guest::{Work, digest};

pub(crate) struct OpenVino {
    model: Mutex<CompiledModel>,
    work: Work,
}

impl OpenVino {
    /// The library must be loaded already. It computes in bf16 where the processor has that, unless told not
    /// to; the backend tells it the same. A stream of one thread for each of `callers`.
    pub(crate) fn new(rung: &Rung, callers: &str) -> Result<Self> {
        let mut core = Core::new()?;
        let options = [
            (RwPropertyKey::HintInferencePrecision, "f32"),
            (RwPropertyKey::InferenceNumThreads, callers),
            (RwPropertyKey::NumStreams, callers),
        ];
        core.set_properties(&DeviceType::CPU, options)?;
        let model = core.read_model_from_buffer(&rung.onnx, None)?;
        let model = core.compile_model(&model, DeviceType::CPU)?;
        Ok(Self { model: Mutex::new(model), work: rung.work.clone() })
    }

    fn request(&self) -> Result<InferRequest> {
        let mut model = self.model.lock().map_err(|_| anyhow!("poisoned"))?;
        let mut request = model.create_infer_request()?;
        let dims = self.work.dims.iter().map(|&dim| i64::try_from(dim));
        let shape = Shape::new(&dims.collect::<Result<Vec<_>, _>>()?)?;
        let mut input = Tensor::new(ElementType::F32, &shape)?;
        input.get_data_mut::<f32>()?.copy_from_slice(&self.work.values());
        request.set_input_tensor(&input)?;
        Ok(request)
    }
}

impl Native for OpenVino {
    fn digest(&self) -> Result<u64> {
        let mut request = self.request()?;
        request.infer()?;
        Ok(digest(request.get_output_tensor()?.get_raw_data()?))
    }
}

impl Side for OpenVino {
    fn block(&self, runs: u32) -> Result<Duration> {
        let mut request = self.request()?;
        for _ in 0..self.work.warm_up(runs) {
            request.infer()?;
        }
        let began = Instant::now();
        for _ in 0..runs {
            black_box(request.infer()?);
        }
        Ok(began.elapsed())
    }
}
