//! The examples as a person runs them, the answers held against the processor's.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::machine::Machine;
use crate::report::Figures;

pub(crate) fn digits(machine: &Machine) -> Result<Figures> {
    compare(
        machine,
        &[
            "--model",
            "digits=digits.onnx",
            "--dir",
            "images::/images:ro",
            "digits.wasm",
            "--labels",
            "/images/labels.csv",
            "/images",
        ],
    )
}

pub(crate) fn search(machine: &Machine) -> Result<Figures> {
    if !machine.pack.join("minilm/minilm.onnx").exists() {
        return Ok(Figures::skipped("the pack was brought without minilm/minilm.onnx"));
    }
    compare(
        machine,
        &[
            "--model",
            "minilm=minilm/minilm.onnx",
            "--dir",
            "minilm::/model:ro",
            "--dir",
            "texts::/texts:ro",
            "semantic-search.wasm",
            "--tokenizer",
            "/model/tokenizer.json",
            "--query",
            "how do animals communicate?",
            "--top",
            "3",
            "/texts",
        ],
    )
}

fn compare(machine: &Machine, args: &[&str]) -> Result<Figures> {
    let mut figures = Figures::default();
    let here = godwit(&machine.pack, "cpu:0", args)?;
    let there = godwit(&machine.pack, machine.target.device.as_str(), args)?;
    figures.put("lines printed", there.lines().count());
    let accuracy = there.lines().find(|line| line.starts_with("accuracy"));
    figures.put("accuracy", accuracy.unwrap_or("none told"));
    let differ: Vec<String> = here
        .lines()
        .zip(there.lines())
        .filter(|(here, there)| !is_same(here, there))
        .map(|(here, there)| format!("'{there}' instead of '{here}'"))
        .collect();
    figures.expect(here.lines().count() == there.lines().count(), "another number of lines");
    figures.expect(differ.is_empty(), differ.join("; "));
    Ok(figures)
}

fn godwit(pack: &Path, device: &str, args: &[&str]) -> Result<String> {
    let mut command = Command::new(pack.join("godwit").canonicalize().context("no godwit here")?);
    let output = command.current_dir(pack).args(["run", "--device", device]).args(args).output();
    let output = output.context("godwit could not be started")?;
    if !output.status.success() {
        bail!("godwit failed on {device}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Words are equal, numbers are near.
fn is_same(here: &str, there: &str) -> bool {
    let (here, there) = (here.split_whitespace(), there.split_whitespace());
    here.clone().count() == there.clone().count()
        && here.zip(there).all(|(a, b)| match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(a), Ok(b)) => (a - b).abs() <= 2e-3 * a.abs().max(1.0),
            _ => a == b,
        })
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn words_are_equal_and_numbers_near() {
        assert!(is_same("0.5012 a.txt: whales", "0.5013 a.txt: whales"));
        assert!(!is_same("0.5012 a.txt: whales", "0.6013 a.txt: whales"));
        assert!(!is_same("7 of 8", "7 of"));
        assert!(!is_same("cat", "dog"));
    }
}
