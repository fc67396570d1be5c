//! Both examples on real input, run as a person would run them.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::shell::{program, shown};
use crate::{guests, minilm, native, say, targets};

/// The trained model reaches 0.984 on all held-out digits.
const ACCURACY: f64 = 0.97;

const QUERIES: [&str; 3] =
    ["how do animals communicate?", "making a computer answer faster", "something warm to eat"];

pub(crate) fn run_both() -> Result<()> {
    targets::install()?;
    minilm::install()?;
    guests::build()?;
    say::step("godwit: building the program that runs them (minutes the first time)");
    let godwit = native::build("godwit")?;
    let godwit = || {
        let mut command = program(&godwit);
        command.arg("run");
        command
    };

    say::step("digits: a component classifies handwritten digits the model was not trained on");
    let mut digits = godwit();
    digits.args(["--model", "digits=examples/digits/digits.onnx", "--report"]);
    digits.args(["--dir", "examples/digits/images::/images:ro"]).arg(guest("digits"));
    let printed = show(digits.args(["--labels", "/images/labels.csv", "/images"]))?;
    let accuracy = accuracy(&printed)?;
    ensure!(accuracy >= ACCURACY, "digits: an accuracy of {accuracy} is below {ACCURACY}");

    for query in QUERIES {
        say::step(format_args!("semantic-search: the sentences nearest in meaning to \"{query}\""));
        let mut search = godwit();
        search.arg("--model").arg(format!("minilm={}/minilm.onnx", minilm::FOLDER));
        search.arg("--dir").arg(format!("{}::/model:ro", minilm::FOLDER));
        search.args(["--dir", "examples/semantic-search/texts::/texts:ro"]);
        search.arg(guest("semantic-search"));
        search.args(["--tokenizer", "/model/tokenizer.json", "--query", query]);
        show(search.args(["--top", "3", "/texts"]))?;
    }

    say::step(format_args!("demo: both examples ran; accuracy on the digits {accuracy}"));
    Ok(())
}

fn guest(name: &str) -> String {
    format!("{}/{name}.wasm", guests::FOLDER)
}

/// Runs the command, passing on what it prints, and returns it.
fn show(command: &mut Command) -> Result<String> {
    say::detail(format_args!("$ {}", shown(command)));
    let mut child =
        command.stdout(Stdio::piped()).spawn().context("godwit could not be started")?;
    let mut printed = String::new();
    for line in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()) {
        let line = line.context("the guest printed something that is not text")?;
        println!("{line}");
        printed.push_str(&line);
        printed.push('\n');
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(printed)
}

/// The figure in the line `accuracy 0.97 (97 of 100)`.
fn accuracy(printed: &str) -> Result<f64> {
    printed
        .lines()
        .find_map(|line| line.strip_prefix("accuracy ")?.split_whitespace().next()?.parse().ok())
        .context("digits printed no line `accuracy F (N of M)`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accuracy_is_read_from_its_line() {
        assert_eq!(accuracy("000.png 7\naccuracy 0.98 (98 of 100)\n").unwrap(), 0.98);
        assert!(accuracy("000.png 7\n").is_err());
        assert!(accuracy("accuracy none (0 of 0)\n").is_err());
    }
}
