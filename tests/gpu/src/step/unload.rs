//! What a model took, it gives back: by the driver's count and by `nvidia-smi`'s.

use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use godwit_backend::Memory;
use godwit_fixtures::models;

use super::{lenient, load, noise, one, open, run};
use crate::machine::Machine;
use crate::report::Figures;

/// What may stay: kernels that were loaded on first use, and a library's own workspace.
const SLACK: u64 = 192 << 20;

const ROUNDS: usize = 4;

const EVERYBODYS: &str =
    "the host's memory is everybody's: what is free of it tells nothing about one model";

pub(crate) fn step(machine: &Machine) -> Result<Figures> {
    if machine.target.device.family() == "cpu" {
        return Ok(Figures::skipped(EVERYBODYS));
    }
    let mut figures = Figures::default();
    let cycle = || -> Result<(u64, u64)> {
        let graph = load(&machine.backend, models::resnet50(1), &lenient(machine))?;
        let mut context = open(&graph, &Memory::unlimited())?;
        drop(run(&mut context, one(noise(&[1, 3, 224, 224], 5)?))?);
        let held = (graph.info().footprint.total(), machine.free()?);
        drop((context, graph));
        // The last of it is dropped by the lane.
        thread::sleep(Duration::from_millis(500));
        Ok(held)
    };
    let before = machine.free()?;
    let smi_before = nvidia_smi(machine);
    let (footprint, during) = cycle()?;
    let first = machine.free()?;
    for _ in 1..ROUNDS {
        cycle()?;
    }
    let after = machine.free()?;
    let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
    figures.put("footprint told", mib(footprint));
    figures.put("taken while loaded", mib(before.saturating_sub(during)));
    figures.put("kept after the first unload", mib(before.saturating_sub(first)));
    figures.put("kept after more rounds", mib(first.saturating_sub(after)));
    if let (Some(smi_before), Some(smi_after)) = (smi_before, nvidia_smi(machine)) {
        figures.put("nvidia-smi, MiB used before and after", format!("{smi_before}, {smi_after}"));
        figures.expect(
            smi_after.saturating_sub(smi_before) << 20 <= SLACK,
            "nvidia-smi sees memory that was not given back",
        );
    }
    figures.expect(footprint >= 90 << 20, "the footprint is smaller than the weights");
    figures.expect(before.saturating_sub(first) <= SLACK, "a model left memory behind");
    figures.expect(first.saturating_sub(after) <= 2 << 20, "loading again and again piles up");
    Ok(figures)
}

/// The GPU's memory in use, in MiB, as NVIDIA's own program sees it.
fn nvidia_smi(machine: &Machine) -> Option<u64> {
    let gpu = machine.device.labels.get("uuid")?;
    let output = Command::new("nvidia-smi")
        .args(["--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id"])
        .arg(gpu)
        .output()
        .ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
