//! Both examples on real input, run as a user would run them.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::shell::shown;
use crate::{answers, engines, guests, minilm, say, targets};

/// The trained model reaches 0.984 on all held-out digits.
const ACCURACY: f64 = 0.97;

const QUERIES: [&str; 3] =
    ["how do animals communicate?", "making a computer answer faster", "something warm to eat"];

/// One engine each; the answers must be the same on all.
const DEVICES: [&str; 3] = ["cpu:0", "ort-cpu:0", "openvino-cpu:0"];

pub(crate) fn run_both() -> Result<()> {
    targets::install()?;
    minilm::install()?;
    guests::build()?;
    let godwit = engines::install()?;

    say::step(
        "digits: a component classifies handwritten digits that the model was not trained on",
    );
    let printed = on_every_device(|device| {
        let mut digits = engines::command(&godwit);
        digits.args(["run", "--device", device]);
        digits.args(["--model", "digits=examples/digits/digits.onnx", "--report"]);
        digits.args(["--dir", "examples/digits/images::/images:ro"]).arg(guest("digits"));
        digits.args(["--labels", "/images/labels.csv", "/images"]);
        digits
    })?;
    let accuracy = accuracy(&printed)?;
    ensure!(accuracy >= ACCURACY, "digits: an accuracy of {accuracy} is below {ACCURACY}");

    for query in QUERIES {
        say::step(format_args!("semantic-search: the sentences closest in meaning to \"{query}\""));
        on_every_device(|device| {
            let mut search = engines::command(&godwit);
            search.args(["run", "--device", device]);
            search.arg("--model").arg(format!("minilm={}/minilm.onnx", minilm::FOLDER));
            search.arg("--dir").arg(format!("{}::/model:ro", minilm::FOLDER));
            search.args(["--dir", "examples/semantic-search/texts::/texts:ro"]);
            search.arg(guest("semantic-search"));
            search.args(["--tokenizer", "/model/tokenizer.json", "--query", query]);
            search.args(["--top", "3", "/texts"]);
            search
        })?;
    }

    say::step(format_args!(
        "demo: both examples gave the same answers on {}, from the same .wasm files; accuracy on the \
         digits {accuracy}",
        DEVICES.join(", ")
    ));
    Ok(())
}

/// Prints the output of the first device, checks that the others give the same, and returns it.
fn on_every_device(command: impl Fn(&str) -> Command) -> Result<String> {
    let mut first: Option<String> = None;
    for device in DEVICES {
        let printed = show(&mut command(device), first.is_none())?;
        match &first {
            None => first = Some(printed),
            Some(first) => {
                if let Some(difference) = answers::difference(first, &printed) {
                    bail!("{} and {device} give different answers: {difference}", DEVICES[0]);
                }
                let lines = printed.lines().count();
                say::detail(format_args!("{device}: the same {lines} lines as {}", DEVICES[0]));
            }
        }
    }
    first.context("there are no devices")
}

fn guest(name: &str) -> String {
    format!("{}/{name}.wasm", guests::FOLDER)
}

/// Runs the command and returns its output, which is also printed if `aloud`.
fn show(command: &mut Command, aloud: bool) -> Result<String> {
    say::detail(format_args!("$ {}", shown(command)));
    let mut child =
        command.stdout(Stdio::piped()).spawn().context("godwit could not be started")?;
    let mut printed = String::new();
    for line in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()) {
        let line = line.context("the guest printed something that is not text")?;
        if aloud {
            println!("{line}");
        }
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
