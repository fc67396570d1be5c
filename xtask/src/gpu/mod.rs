//! The tests that need a GPU, packed here and run on a machine that has one.

mod pack;

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};

use crate::say;
use crate::shell::{program, root, run};

/// The pack, relative to the root.
const FOLDER: &str = "target/gpu";

/// The device files of the drivers, with their vendors.
const DRIVERS: [(&str, &str); 2] = [("/dev/nvidiactl", "NVIDIA"), ("/dev/kfd", "AMD")];

pub(crate) fn pack() -> Result<()> {
    pack::pack(&root().join(FOLDER))
}

/// Runs the pack on this machine, passing `args` on.
pub(crate) fn run_here(args: &[String]) -> Result<()> {
    let script = root().join(FOLDER).join("run.sh");
    ensure!(script.exists(), "there is no pack in {FOLDER}: `cargo xtask gpu pack` makes it");
    look_for_a_gpu(&DRIVERS.map(|(path, vendor)| (PathBuf::from(path), vendor)))?;
    say::step("gpu: conformance, demos and measurements on this machine's GPU");
    run(program(script).args(args))
}

/// Packs first: a machine without a GPU can do that much.
pub(crate) fn pack_and_run() -> Result<()> {
    pack()?;
    run_here(&[])
}

fn look_for_a_gpu(drivers: &[(PathBuf, &str)]) -> Result<()> {
    if drivers.iter().any(|(path, _)| path.exists()) {
        return Ok(());
    }
    let looked: Vec<String> =
        drivers.iter().map(|(path, vendor)| format!("{} ({vendor})", path.display())).collect();
    bail!(
        "there is no GPU here: none of {} exists, so nothing was measured.\n\
         What to do: copy {FOLDER} to a machine with a GPU and start run.sh there",
        looked.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_a_gpu_fails_and_says_what_was_looked_for() {
        let none = [(PathBuf::from("/dev/no-such-gpu"), "NVIDIA")];
        let error = look_for_a_gpu(&none).unwrap_err().to_string();
        assert!(error.contains("/dev/no-such-gpu (NVIDIA)") && error.contains("run.sh"), "{error}");
        assert!(look_for_a_gpu(&[(PathBuf::from("/"), "any")]).is_ok());
    }
}
