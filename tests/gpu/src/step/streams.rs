//! Two contexts, each on a stream of its own, at the same time.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use futures::executor::block_on;
use godwit_backend::{Buffer, CheckedContext, Memory, Tensor};
use godwit_fixtures::models;

use super::{load, noise, one, open, run, told};
use crate::machine::Machine;
use crate::report::Figures;

const TIME: Duration = Duration::from_secs(5);

pub(crate) fn step(machine: &Machine) -> Result<Figures> {
    let mut figures = Figures::default();
    let memory = Memory::unlimited();
    // Many small kernels: one stream alone leaves most of the GPU idle.
    let graph = load(&machine.backend, models::matmul_chain(256, 40), &machine.target)?;
    let (mut left, mut right) = (open(&graph, &memory)?, open(&graph, &memory)?);
    let (a, b) = (noise(&[64, 256], 1)?, noise(&[64, 256], 2)?);
    let alone = [answer(&mut left, &a, &memory)?, answer(&mut right, &b, &memory)?];
    let single = count(&mut left, &a, &alone[0], &memory)?;
    let mut run_both = || -> Result<(u64, u64)> {
        thread::scope(|scope| {
            let other = scope.spawn(|| count(&mut right, &b, &alone[1], &memory));
            let one = count(&mut left, &a, &alone[0], &memory)?;
            let other = other.join().map_err(|_| anyhow!("a thread panicked"))??;
            Ok((one, other))
        })
    };
    let (one, other) = run_both()?;
    let ratio = (one + other) as f64 / single.max(1) as f64;
    figures.put("runs a second, one context", single / TIME.as_secs());
    figures.put("runs a second, two contexts", (one + other) / TIME.as_secs());
    figures.put("two over one", format!("{ratio:.2}"));
    figures.expect(ratio > 1.2, "two streams gave hardly more than one");
    Ok(figures)
}

/// How many runs end in [`TIME`], each with the answer that was given alone.
fn count(
    context: &mut CheckedContext,
    input: &Tensor,
    expected: &Buffer,
    memory: &Memory,
) -> Result<u64> {
    let (end, mut runs) = (Instant::now() + TIME, 0);
    while Instant::now() < end {
        let got = answer(context, input, memory)?;
        if got[..] != expected[..] {
            return Err(anyhow!("a run beside another one gave other bits"));
        }
        runs += 1;
    }
    Ok(runs)
}

fn answer(context: &mut CheckedContext, input: &Tensor, memory: &Memory) -> Result<Buffer> {
    let outputs = run(context, one(input.clone()))?;
    let output = outputs.first().ok_or_else(|| anyhow!("no output"))?;
    block_on(output.to_host(memory)).map_err(told)
}
