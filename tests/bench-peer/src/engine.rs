//! What is called natively and through wasmtime-wasi-nn.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use wasmtime_wasi_nn::Graph;
use wasmtime_wasi_nn::backend::BackendFromDir;
use wasmtime_wasi_nn::backend::onnx::OnnxBackend;
use wasmtime_wasi_nn::backend::openvino::OpenvinoBackend;
use wasmtime_wasi_nn::wit::ExecutionTarget;

use crate::measure::guest::Work;
use crate::native::{Native, OnnxRuntime, OpenVino};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Engine {
    OnnxRuntime,
    OpenVino,
}

impl Engine {
    pub(crate) fn native(self, folder: &Path, work: &Work) -> Result<Box<dyn Native>> {
        let read = |name: &str| fs::read(folder.join(name));
        Ok(match self {
            Self::OnnxRuntime => Box::new(OnnxRuntime::new(&read("model.onnx")?, work)?),
            Self::OpenVino => {
                Box::new(OpenVino::new(&read("model.xml")?, &read("model.bin")?, work)?)
            }
        })
    }

    pub(crate) fn graph(self, folder: &Path) -> Result<Graph> {
        let mut backend: Box<dyn BackendFromDir> = match self {
            Self::OnnxRuntime => Box::new(OnnxBackend::default()),
            Self::OpenVino => Box::new(OpenvinoBackend::default()),
        };
        Ok(backend.load_from_dir(folder, ExecutionTarget::Cpu)?)
    }
}
