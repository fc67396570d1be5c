//! More memory than the GPU has, asked for in earnest.

use anyhow::{Result, bail};
use futures::executor::block_on;
use godwit_backend::{Memory, Shape, Tensor, Tensors};
use godwit_fixtures::models;

use super::{load, open, told};
use crate::machine::Machine;
use crate::report::Figures;

pub(crate) fn step(machine: &Machine) -> Result<Figures> {
    let mut figures = Figures::default();
    let memory = Memory::unlimited();
    let graph = load(&machine.backend, models::outer(), &machine.target)?;
    let mut context = open(&graph, &memory)?;
    let total = machine.device.memory.map_or(1 << 40, |memory| memory.total);
    // The output is a square of twice the GPU's memory.
    let side = usize::try_from((total / 2).isqrt())?.next_multiple_of(64);
    let sides = |side: usize| -> Result<Tensors> {
        let values = vec![1.5f32; side];
        let column = Tensor::from_values(Shape::from([side, 1]), &values).map_err(told)?;
        let row = Tensor::from_values(Shape::from([1, side]), &values).map_err(told)?;
        Ok([column, row].into_iter().collect())
    };
    figures.put("bytes asked for", (side as u64).pow(2) * 4);
    let Err(error) = block_on(context.run(sides(side)?)) else { bail!("it was given") };
    figures.put("kind", format!("{:?}", error.kind()));
    figures.put("message", error.message());
    figures.put("cause", error.report());
    figures.expect(
        matches!(
            error.kind(),
            godwit_backend::ErrorKind::OutOfMemory | godwit_backend::ErrorKind::TooLarge
        ),
        "it was told as something else",
    );
    let outputs = block_on(context.run(sides(64)?)).map_err(told)?;
    let output = outputs.first().map(|output| output.to_host(&memory));
    let Some(output) = output else { bail!("no output") };
    let bytes = block_on(output).map_err(told)?;
    figures.expect(bytes.len() == 64 * 64 * 4, "the next run is wrong");
    Ok(figures)
}
