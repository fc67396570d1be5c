use std::path::PathBuf;
use std::sync::Arc;

use futures::executor::block_on;
use godwit_backend::{
    Backend, CheckedContext, Graph, Memory, Model, Quota, Result, Target, Tensor, Tensors,
};
use godwit_onnxruntime::{OnnxRuntime, OrtOptions};

/// Where the chores put the library.
pub(crate) fn library() -> PathBuf {
    let folder = std::env::var_os("GODWIT_ENGINES").map(PathBuf::from);
    let versions = folder.map(|folder| folder.join("onnxruntime"));
    let found = versions.and_then(|versions| {
        let mut versions: Vec<PathBuf> =
            versions.read_dir().ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        versions.sort();
        let newest = versions.pop()?;
        let name = format!("libonnxruntime.so.{}", newest.file_name()?.to_str()?);
        Some(newest.join(name)).filter(|file| file.is_file())
    });
    found.expect("ONNX Runtime is not installed: run `cargo xtask setup`")
}

pub(crate) fn backend() -> OnnxRuntime {
    OnnxRuntime::open(&library(), OrtOptions::default()).unwrap()
}

pub(crate) fn load(onnx: Vec<u8>) -> Result<Arc<dyn Graph>> {
    load_on(onnx, &target())
}

pub(crate) fn target() -> Target {
    Target::new("ort-cpu:0")
}

pub(crate) fn load_on(onnx: Vec<u8>, target: &Target) -> Result<Arc<dyn Graph>> {
    block_on(backend().load(&Model::onnx("model", onnx), target))
}

pub(crate) fn context(graph: &Arc<dyn Graph>, memory: &Memory) -> CheckedContext {
    block_on(CheckedContext::open(graph, &Quota::of_host(memory.clone()))).unwrap()
}

pub(crate) fn run(
    context: &mut CheckedContext,
    inputs: impl IntoIterator<Item = Tensor>,
) -> Result<Tensors> {
    block_on(context.run(inputs.into_iter().collect()))
}
