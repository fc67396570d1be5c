//! A chain of graphs crosses the bus at its ends alone.

use anyhow::Result;
use futures::executor::block_on;
use godwit_backend::{Memory, Tensor};
use godwit_fixtures::models;

use super::{load, noise, one, open, run, told};
use crate::machine::Machine;
use crate::report::Figures;

const NOT_COUNTED: &str = "only the backend of CUDA counts what crosses the bus";
const LINKS: usize = 10;
const ROWS: usize = 64;
const COLUMNS: u16 = 256;

pub(crate) fn step(machine: &Machine) -> Result<Figures> {
    let Some(cuda) = &machine.cuda else { return Ok(Figures::skipped(NOT_COUNTED)) };
    let mut figures = Figures::default();
    let memory = Memory::unlimited();
    let graph = load(&machine.backend, models::matmul_chain(COLUMNS, 2), &machine.target)?;
    let mut context = open(&graph, &memory)?;
    let input = in_arena(&noise(&[ROWS, usize::from(COLUMNS)], 3)?, &memory)?;
    let bytes = input.byte_len() as u64;
    let mut tensors = one(input);
    let before = cuda.traffic();
    for _ in 0..LINKS {
        tensors = run(&mut context, tensors)?;
    }
    let between = cuda.traffic();
    for tensor in &tensors {
        block_on(tensor.to_host(&memory)).map_err(told)?;
    }
    let after = cuda.traffic();
    let (sent, fetched) = (between.to_device - before.to_device, between.to_host - before.to_host);
    figures.put("graphs in the chain", LINKS);
    figures.put("bytes of the input", bytes);
    figures.put("bytes to the GPU", sent);
    figures.put("of them from where the input lay", between.in_place - before.in_place);
    figures.put("bytes back before the output is read", fetched);
    figures.put("bytes back when it is read", after.to_host - between.to_host);
    figures.expect(sent == bytes, "the chain sent more than its input");
    figures.expect(between.in_place - before.in_place == bytes, "the input was copied on its way");
    figures.expect(fetched == 0, "the chain brought something back");
    figures
        .expect(after.to_host - between.to_host == bytes, "reading gave another number of bytes");
    Ok(figures)
}

/// The tensor where a guest's would lie.
fn in_arena(tensor: &Tensor, memory: &Memory) -> Result<Tensor> {
    let bytes = block_on(tensor.to_host(memory)).map_err(told)?;
    let bytes = memory.copy_from(&bytes).map_err(told)?;
    Tensor::new(tensor.dtype(), tensor.shape().clone(), bytes).map_err(told)
}
