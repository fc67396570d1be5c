use std::sync::Arc;

use godwit_backend::{ExecutionContext, Memory, Run, Tensors};

use crate::flight::Flight;
use crate::graph::Loaded;

#[derive(Debug)]
pub(crate) struct FakeContext {
    pub(crate) graph: Arc<Loaded>,
    pub(crate) memory: Memory,
}

impl ExecutionContext for FakeContext {
    fn run(&mut self, inputs: Tensors) -> Run<'_> {
        let mut flight = Flight::begin(&self.graph, inputs);
        if let Err(error) = flight.check() {
            return Run::ready(flight.end(Err(error)));
        }
        if flight.is_immediate() {
            let outcome = flight.compute(&self.memory);
            return Run::ready(flight.end(outcome));
        }
        let memory = &self.memory;
        Run::pending(async move {
            let outcome = flight.fly(memory).await;
            flight.end(outcome)
        })
    }
}
