//! OpenVINO called from Rust.

use std::hint::black_box;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use openvino::{Core, DeviceType, ElementType, InferRequest, Shape, Tensor};

use super::Native;
use crate::measure::Side;
use crate::measure::guest::{Work, digest};

pub(crate) struct OpenVino {
    request: Mutex<InferRequest>,
    work: Work,
}

impl OpenVino {
    /// A request with its input in place, compiled as wasmtime-wasi-nn compiles.
    pub(crate) fn new(xml: &[u8], weights: &[u8], work: &Work) -> Result<Self> {
        let mut core = Core::new()?;
        let mut constants = tensor(ElementType::U8, &[1, weights.len()])?;
        constants.get_raw_data_mut()?.copy_from_slice(weights);
        let model = core.read_model_from_buffer(xml, Some(&constants))?;
        let mut request = core.compile_model(&model, DeviceType::CPU)?.create_infer_request()?;
        let mut input = tensor(ElementType::F32, &work.dims)?;
        input.get_data_mut::<f32>()?.copy_from_slice(&work.values());
        request.set_input_tensor(&input)?;
        Ok(Self { request: Mutex::new(request), work: work.clone() })
    }
}

fn tensor(dtype: ElementType, dims: &[usize]) -> Result<Tensor> {
    let dims = dims.iter().map(|&dim| i64::try_from(dim)).collect::<Result<Vec<_>, _>>()?;
    Ok(Tensor::new(dtype, &Shape::new(&dims)?)?)
}

impl Native for OpenVino {
    fn digest(&self) -> Result<u64> {
        let mut request = self.request.lock().map_err(|_| anyhow!("poisoned"))?;
        request.infer()?;
        Ok(digest(request.get_output_tensor()?.get_raw_data()?))
    }
}

impl Side for OpenVino {
    fn block(&self, runs: u32) -> Result<Duration> {
        let mut request = self.request.lock().map_err(|_| anyhow!("poisoned"))?;
        for _ in 0..self.work.warm_up(runs) {
            request.infer()?;
        }
        let began = Instant::now();
        for _ in 0..runs {
            request.infer()?;
            black_box(request.get_output_tensor()?);
        }
        Ok(began.elapsed())
    }
}
