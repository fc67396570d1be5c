use std::sync::Arc;

use godwit_backend::{Error, ExecutionContext, Graph, Memory, Result, Tensor, Tensors};
use smallvec::SmallVec;

/// The handles of a core module: plain numbers that its ABI never gives back, so their number is bounded.
pub(crate) struct Handles {
    graphs: Vec<Arc<dyn Graph>>,
    contexts: Vec<ModuleContext>,
    limit: usize,
}

/// An execution context with the inputs set so far and the outputs of the last run.
pub(crate) struct ModuleContext {
    pub(super) graph: Arc<dyn Graph>,
    pub(super) execution: Box<dyn ExecutionContext>,
    pub(super) inputs: SmallVec<[Option<Tensor>; 4]>,
    pub(super) outputs: Option<Tensors>,
}

impl Handles {
    pub(crate) fn new(limit: usize) -> Self {
        Self { graphs: Vec::new(), contexts: Vec::new(), limit }
    }

    pub(super) fn add_graph(&mut self, graph: Arc<dyn Graph>) -> Result<u32> {
        self.check_room()?;
        self.graphs.push(graph);
        handle(self.graphs.len())
    }

    pub(super) fn graph(&self, handle: i32) -> Result<Arc<dyn Graph>> {
        let graph = usize::try_from(handle).ok().and_then(|index| self.graphs.get(index));
        graph.cloned().ok_or_else(|| Error::invalid_argument(format!("there is no graph {handle}")))
    }

    pub(super) fn add_context(
        &mut self,
        graph: Arc<dyn Graph>,
        execution: Box<dyn ExecutionContext>,
    ) -> Result<u32> {
        self.check_room()?;
        let mut inputs = SmallVec::new();
        inputs.resize(graph.info().signature.inputs.len(), None);
        self.contexts.push(ModuleContext { graph, execution, inputs, outputs: None });
        handle(self.contexts.len())
    }

    pub(super) fn context(&mut self, handle: i32) -> Result<&mut ModuleContext> {
        let context = usize::try_from(handle).ok().and_then(|index| self.contexts.get_mut(index));
        context.ok_or_else(|| Error::invalid_argument(format!("there is no context {handle}")))
    }

    fn check_room(&self) -> Result<()> {
        if self.graphs.len() + self.contexts.len() < self.limit {
            return Ok(());
        }
        Err(Error::too_large(format!("the guest holds all of its {} handles", self.limit)))
    }
}

/// The handle of the element just pushed.
fn handle(len: usize) -> Result<u32> {
    u32::try_from(len.saturating_sub(1)).map_err(|_| Error::too_large("too many handles"))
}

impl ModuleContext {
    /// Sets an input to what `read` gives. The one before it is let go of first: this ABI has no other
    /// way to free a tensor, and a guest at the end of its budget could not even set a smaller one.
    pub(super) fn set_input(
        &mut self,
        index: i32,
        read: impl FnOnce() -> Result<Tensor>,
    ) -> Result<()> {
        let slot = usize::try_from(index).ok().and_then(|index| self.inputs.get_mut(index));
        let slot =
            slot.ok_or_else(|| Error::invalid_argument(format!("there is no input {index}")))?;
        *slot = None;
        *slot = Some(read()?);
        Ok(())
    }

    /// Inputs stay set, as this ABI has it: a guest may change one and compute again.
    pub(super) async fn compute(&mut self) -> Result<()> {
        self.outputs = None;
        let signature = &self.graph.info().signature;
        let mut inputs = Tensors::new();
        for (slot, info) in self.inputs.iter().zip(&signature.inputs) {
            inputs.push(slot.clone().ok_or_else(|| {
                Error::invalid_argument(format!("input '{}' is not set", info.name))
            })?);
        }
        let inputs = signature.check(inputs)?;
        self.outputs = Some(self.execution.run(inputs).await?);
        Ok(())
    }

    /// The output's bytes on the host. Borrowed mutably because a context is not `Sync`.
    pub(super) async fn output(
        &mut self,
        index: i32,
        memory: &Memory,
    ) -> Result<godwit_backend::Buffer> {
        let outputs = self.outputs.as_ref().ok_or_else(|| {
            Error::failed("there are no outputs: nothing was computed since the last failure")
        })?;
        let output = usize::try_from(index).ok().and_then(|index| outputs.get(index));
        let output =
            output.ok_or_else(|| Error::invalid_argument(format!("there is no output {index}")))?;
        output.to_host(memory).await
    }
}
