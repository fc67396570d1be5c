use std::sync::Arc;

use godwit_backend::{
    Error, ExecutionContext, Inputs, Quota, Result, Run, Tensor, TensorData, Tensors,
};

use crate::answer;
use crate::hip::Pinned;
use crate::loaded_graph::LoadedGraph;
use crate::programs::Dims;
use crate::resident::RocmBuffer;
use crate::run_target::RunTarget;

/// One caller's state on a graph.
#[derive(Debug)]
pub(crate) struct RocmContext {
    graph: Arc<LoadedGraph>,
    quota: Quota,
    /// Page-locked memory by which inputs are brought to a GPU; absent before the first run and after one
    /// that was dropped.
    staging: Option<Pinned>,
}

impl RocmContext {
    pub(crate) fn new(graph: Arc<LoadedGraph>, quota: Quota) -> Self {
        Self { graph, quota, staging: None }
    }

    /// A run without rows added or cut off, brought to the host.
    pub(crate) async fn whole(&mut self, inputs: Tensors) -> Result<Tensors> {
        let inputs = self.within_reach(inputs).await?;
        let outputs = self.compute(inputs, None).await?;
        godwit_backend::on_host(outputs, &self.quota.host).await
    }

    async fn answer(&mut self, inputs: Inputs) -> Result<Tensors> {
        let graph = self.graph.clone();
        if inputs.iter().any(|input| input.shape().contains(&0)) {
            return self.nothing(&inputs);
        }
        let inputs = self.within_reach(inputs.into_tensors()).await?;
        graph.guards.check(&graph.info.signature, &inputs)?;
        let (inputs, rows) = match &graph.batches {
            Some(batches) => batches.pad(inputs, &self.quota.host)?,
            None => (inputs, None),
        };
        let outputs = self.compute(inputs, rows).await?;
        match (&graph.batches, rows) {
            (Some(batches), Some(rows)) if matches!(graph.place, RunTarget::Reference) => {
                batches.cut(outputs, rows, &self.quota.host)
            }
            _ => Ok(outputs),
        }
    }

    /// Runs the program for these inputs. Of a GPU's outputs only `rows` rows are kept, if that is said.
    async fn compute(&mut self, inputs: Tensors, rows: Option<usize>) -> Result<Tensors> {
        let graph = self.graph.clone();
        let dims: Dims = inputs.iter().map(|input| input.shape().clone()).collect();
        let compiled = graph.program(&dims).await?;
        let program = compiled.program.lock_arc().await;
        match graph.place {
            RunTarget::Reference => {
                let sizes = compiled.outputs.iter().map(|(dtype, shape)| shape.byte_len(*dtype));
                let buffers =
                    sizes.map(|size| self.quota.host.writable(size?)).collect::<Result<_>>()?;
                let (own, mut program) = (graph.clone(), program);
                let job = graph.pool.runs.run(move |_| {
                    let names = &own.names;
                    answer::on_host(&mut program, &compiled, names, &inputs, buffers)
                });
                job.await?
            }
            RunTarget::Gpu(hip, gpu) => {
                let sizes = compiled.outputs.iter().map(|(dtype, shape)| shape.byte_len(*dtype));
                let charge = |size: Result<usize>| self.quota.device.charge(size? as u64);
                let charges = sizes.map(charge).collect::<Result<Vec<_>>>()?;
                let (own, mut program, shared) = (graph.clone(), program, compiled.clone());
                let mut staging = self.staging.take();
                let job = graph.pool.runs.run(move |_| {
                    let outcome = answer::on_gpu(
                        (hip, gpu),
                        &mut program,
                        &shared,
                        &own.names,
                        &inputs,
                        &mut staging,
                    );
                    (outcome, staging)
                });
                let (outcome, staging) = job.await?;
                self.staging = staging;
                let blocks = outcome?.into_iter().zip(charges);
                let tensors = blocks.zip(&compiled.outputs).map(|((mut block, charge), info)| {
                    let (dtype, shape) = info;
                    let shape = match rows {
                        Some(rows) => graph.batches.as_ref().map(|it| it.shape(shape, rows)),
                        None => None,
                    }
                    .unwrap_or_else(|| shape.clone());
                    block.keep(shape.byte_len(*dtype)?);
                    let (id, pool) = (graph.info.device.id.clone(), graph.pool.clone());
                    let buffer = RocmBuffer::new(block, id, pool, charge);
                    Tensor::on_device(*dtype, shape, Arc::new(buffer))
                });
                tensors.collect()
            }
        }
    }

    /// The inputs where the target can use them, aligned for their dtypes.
    async fn within_reach(&self, inputs: Tensors) -> Result<Tensors> {
        let mut reached = Tensors::new();
        for (at, input) in inputs.into_iter().enumerate() {
            let stays = match (input.data(), self.graph.place) {
                (TensorData::Host(bytes), _) => {
                    bytes.as_ptr().addr().is_multiple_of(input.dtype().size())
                }
                (TensorData::Device(buffer), RunTarget::Gpu(_, gpu)) => {
                    RocmBuffer::of(buffer, gpu).is_some()
                        && !self.graph.guards.is_about(at)
                        && self.graph.batches.is_none()
                }
                (TensorData::Device(_), RunTarget::Reference) => false,
            };
            reached.push(if stays {
                input
            } else {
                let bytes = input.to_host(&self.quota.host).await?;
                let bytes = match bytes.as_ptr().addr().is_multiple_of(input.dtype().size()) {
                    true => bytes,
                    false => self.quota.host.copy_from(&bytes)?,
                };
                Tensor::new(input.dtype(), input.shape().clone(), bytes)?
            });
        }
        Ok(reached)
    }

    /// The answer to inputs without elements, which the library has no programs for: outputs without
    /// elements, if that is what they are.
    fn nothing(&self, inputs: &[Tensor]) -> Result<Tensors> {
        let signature = &self.graph.info.signature;
        let outputs = signature.outputs.iter().map(|info| {
            let shape = signature.output_shape(info, inputs);
            let shape = shape
                .filter(|shape| shape.contains(&0))
                .ok_or_else(|| Error::unsupported("empty tensors are not supported"))?;
            Tensor::new(info.dtype, shape, self.quota.host.copy_from(&[])?)
        });
        outputs.collect()
    }
}

impl ExecutionContext for RocmContext {
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        Run::pending(self.answer(inputs))
    }
}
