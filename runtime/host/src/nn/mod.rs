//! `wasi:nn` in both ABIs over one [`Inference`].

mod codes;
mod component;
mod handles;
mod memory;
mod module;
mod tensor;

use std::sync::Arc;

use godwit_backend::{Buffer, DeviceKind, Encoding, Error, Graph, Quota, Result, TensorInfo};
use godwit_policy::Catalog;
use wasmtime::component::ResourceTable;

pub use component::add_to_component_linker;
pub(crate) use handles::Handles;
pub(crate) use module::MODULE_FUNCTIONS;
pub(crate) use module::add_to_module_linker;

/// What one guest's `wasi:nn` calls reach. What is not in here, the guest cannot name.
#[derive(Debug, Clone)]
pub struct Inference {
    /// The models it may load, on the devices it may use.
    pub catalog: Arc<Catalog>,
    /// Where its tensors are allocated, and what they and its contexts are charged to.
    pub quota: Quota,
}

/// What the functions of `wasi:nn` need of a store.
#[derive(Debug)]
pub struct NnCtx<'a> {
    /// Holds the guest's handles.
    pub table: &'a mut ResourceTable,
    /// What its calls reach.
    pub inference: &'a Inference,
}

/// Gives access to an [`NnCtx`]: implement it for a store's data to add `wasi:nn` to its linker.
pub trait NnView: Send + 'static {
    /// The context.
    fn nn(&mut self) -> NnCtx<'_>;
}

impl Inference {
    async fn load(
        &self,
        encoding: Option<Encoding>,
        parts: Vec<Buffer>,
        kind: DeviceKind,
    ) -> Result<Arc<dyn Graph>> {
        nameable(self.catalog.by_bytes(encoding, parts, kind).await?)
    }

    async fn load_by_name(&self, name: &str) -> Result<Arc<dyn Graph>> {
        nameable(self.catalog.by_name(name).await?)
    }
}

/// Refuses a graph whose tensors no guest could name, at load rather than at the first run.
fn nameable(graph: Arc<dyn Graph>) -> Result<Arc<dyn Graph>> {
    let signature = &graph.info().signature;
    let mut tensors = signature.inputs.iter().chain(&signature.outputs);
    match tensors.find(|info| !info.dtype.in_wasi_nn()) {
        None => Ok(graph),
        Some(TensorInfo { name, dtype, .. }) => Err(Error::unsupported(format!(
            "the model's tensor '{name}' is {dtype}, for which wasi:nn has no tensor type"
        ))),
    }
}
