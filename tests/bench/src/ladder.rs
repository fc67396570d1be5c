//! The models that are measured.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use godwit_backend::DType;
use godwit_fixtures::models;
use serde_json::json;

use crate::measure::guest::Work;

/// One model of the ladder.
#[derive(Debug, Clone)]
pub(crate) struct Rung {
    pub(crate) work: Work,
    pub(crate) onnx: Vec<u8>,
    /// Whether it computes nothing: then all the time is overhead, and a ratio says nothing.
    pub(crate) echo: bool,
}

/// Elements of `f32` in the echo models.
const ECHOES: [(&str, &[usize]); 5] = [
    ("echo-4B", &[1]),
    ("echo-4kB", &[1000]),
    ("echo-64kB", &[16_000]),
    ("echo-602kB", &[1, 3, 224, 224]),
    ("echo-2.4MB", &[4, 3, 224, 224]),
];

const IMAGE: &[usize] = &[1, 3, 224, 224];

/// Echo models by size, then three that compute for about 2, 20 and 150 ms.
pub(crate) fn ladder() -> Vec<Rung> {
    let mut rungs: Vec<Rung> = ECHOES.iter().map(|(name, dims)| echo(name, dims)).collect();
    let model = |name: &str, input: &str, dims: &[usize], onnx| Rung {
        work: work(name, input, dims),
        onnx,
        echo: false,
    };
    rungs.push(model("matmul-chain", "x", &[64, 256], models::matmul_chain(256, 16)));
    rungs.push(model("mobilenet", "data", IMAGE, models::mobilenet(0)));
    rungs.push(model("resnet50", "data", IMAGE, models::resnet50(0)));
    rungs
}

pub(crate) fn echo(name: &str, dims: &[usize]) -> Rung {
    let sizes = dims.iter().filter_map(|&dim| i64::try_from(dim).ok());
    Rung { work: work(name, "x", dims), onnx: models::echo(DType::F32, sizes), echo: true }
}

fn work(model: &str, input: &str, dims: &[usize]) -> Work {
    Work { model: model.to_owned(), input: input.to_owned(), dims: dims.to_vec() }
}

/// Writes, for the peer, the models as `DIR/NAME/model.onnx`, the echoes as OpenVINO IR too, and `work.json`:
/// what goes into them and where the libraries are.
pub(crate) fn write(dir: &Path) -> Result<()> {
    let mut listed = Vec::new();
    for Rung { work, onnx, echo } in ladder() {
        let folder = dir.join(&work.model);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create the folder {}", folder.display()))?;
        fs::write(folder.join("model.onnx"), onnx)?;
        if echo {
            let [xml, weights] = models::echo_ir(&work.dims);
            fs::write(folder.join("model.xml"), xml)?;
            fs::write(folder.join("model.bin"), weights)?;
        }
        let Work { model, input, dims } = work;
        listed.push(json!({ "model": model, "input": input, "dims": dims, "ir": echo }));
    }
    let work = json!({
        "onnxruntime": godwit_engines::find(&godwit_engines::ONNXRUNTIME, None)?.path,
        "openvino": godwit_engines::find(&godwit_engines::OPENVINO, None)?.path,
        "models": listed,
    });
    fs::write(dir.join("work.json"), serde_json::to_vec_pretty(&work)?)?;
    Ok(())
}
