//! The backends that are covered, each behind the check that a host puts before it.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use godwit_backend::{Backend, Device};
use godwit_cpu::{CpuBackend, CpuOptions};
use godwit_engines::{Engine, ONNXRUNTIME, OPENVINO};
use godwit_fixtures::migraphx;
use godwit_model::Limits;
use godwit_onnxruntime::{OnnxRuntime, OrtOptions};
use godwit_openvino::{OpenVino, OpenVinoOptions};
use godwit_policy::Checked;
use godwit_rocm::{Rocm, RocmOptions};

/// Names of backends, in the order of reports.
pub const NAMES: [&str; 4] = ["cpu", "ort", "openvino", ROCM];

/// AMD's library, by its own implementation on the processor.
pub const ROCM: &str = "rocm";

/// The backend called `name` and its device that computes on the processor.
///
/// # Errors
///
/// When there is none of that name, or its library is missing.
pub fn open(name: &str) -> Result<(Arc<dyn Backend>, Device)> {
    let (backend, id): (Arc<dyn Backend>, &str) = match name {
        "cpu" => (Arc::new(CpuBackend::new(CpuOptions::default())?), "cpu:0"),
        "ort" => {
            let library = library(&ONNXRUNTIME)?;
            (Arc::new(OnnxRuntime::open(&library, OrtOptions::default())?), "ort-cpu:0")
        }
        "openvino" => {
            let library = library(&OPENVINO)?;
            (Arc::new(OpenVino::open(&library, OpenVinoOptions::default())?), "openvino-cpu:0")
        }
        ROCM => {
            let library = migraphx::library()?;
            (Arc::new(Rocm::open_reference(&library, RocmOptions::default())?), "rocm-ref:0")
        }
        _ => bail!("no backend is called '{name}': known are {}", NAMES.join(", ")),
    };
    let device = backend.devices()?.into_iter().find(|device| device.id.as_str() == id);
    let device = device.with_context(|| format!("{name} has no device {id}"))?;
    Ok((Arc::new(Checked::new(backend, Limits::default())), device))
}

fn library(engine: &'static Engine) -> Result<PathBuf> {
    Ok(godwit_engines::find(engine, None).context("run `cargo xtask setup`")?.path)
}
