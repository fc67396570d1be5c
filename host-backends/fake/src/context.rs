use std::sync::Arc;

use godwit_backend::{Charge, ExecutionContext, Inputs, Quota, Result, Run};

use crate::graph::Loaded;
use crate::in_flight::InFlight;

#[derive(Debug)]
pub(crate) struct FakeContext {
    pub(crate) graph: Arc<Loaded>,
    pub(crate) quota: Quota,
    /// What earlier runs have left on the device, charged to the device's memory and to the caller's quota.
    pub(crate) cache: Vec<[Charge; 2]>,
}

impl FakeContext {
    fn grow(&mut self) -> Result<()> {
        let device = &self.graph.device;
        let bytes = device.plan.cache_per_run;
        if bytes > 0 {
            let quota = self.quota.device.charge(bytes)?;
            let memory = device.memory.budget().charge(bytes);
            self.cache.push([quota, memory.map_err(|error| device.out_of_memory(error))?]);
        }
        Ok(())
    }
}

impl ExecutionContext for FakeContext {
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        let mut run = InFlight::begin(&self.graph, inputs);
        if let Err(error) = run.check().and_then(|()| self.grow()) {
            return Run::ready(run.end(Err(error)));
        }
        if run.is_immediate() {
            let outcome = run.compute(&self.quota);
            return Run::ready(run.end(outcome));
        }
        let quota = &self.quota;
        Run::pending(async move {
            let outcome = run.finish(quota).await;
            run.end(outcome)
        })
    }
}
