use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::Case;

/// A host, as a command that runs a guest.
///
/// In its template, `{program}` is the guest, `{args}` what it is told, `{folder}` the folder that it must
/// see as `/models`, and `[...]` is repeated for each model that it may load by name, with `{name}`
/// and with `{dir}`, the model's own folder. Words are split as a shell would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// What the report calls it.
    pub name: String,
    /// The template.
    pub command: String,
    /// The encoding of the models it is given: `openvino` or `onnx`.
    pub encoding: String,
    /// What is known of it: versions, how it was built.
    #[serde(default)]
    pub about: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    host: Vec<Host>,
}

/// The hosts of a TOML file: tables `[[host]]` with the fields of [`Host`].
///
/// # Errors
///
/// If the file cannot be read, has other fields, or a template lacks a part.
pub fn read_hosts(path: &Path) -> Result<Vec<Host>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let file: File =
        toml::from_str(&text).with_context(|| format!("{} is no list of hosts", path.display()))?;
    for host in &file.host {
        host.check()?;
    }
    Ok(file.host)
}

impl Host {
    /// That the template says what no guest can do without.
    ///
    /// # Errors
    ///
    /// Says what is missing.
    pub fn check(&self) -> Result<()> {
        for part in ["{program}", "{args}", "{folder}"] {
            if !self.command.contains(part) {
                bail!("the command of '{}' lacks {part}: {}", self.name, self.command);
            }
        }
        if !["openvino", "onnx"].contains(&self.encoding.as_str()) {
            bail!("the suite has models for openvino and onnx, not for '{}'", self.encoding);
        }
        self.words(&[], "", "", &[]).map(drop)
    }

    /// The command for a case: the program and its arguments.
    ///
    /// # Errors
    ///
    /// If the template has no word, an open quote or an open bracket.
    pub fn command(&self, case: &Case, guests: &str, folder: &str) -> Result<Vec<String>> {
        let mut args = vec![case.case.clone(), self.encoding.clone()];
        args.extend(case.args.iter().cloned());
        let program = format!("{guests}/{}", case.abi.guest());
        self.words(&args, &program, folder, &case.models)
    }

    fn words(
        &self,
        args: &[String],
        program: &str,
        folder: &str,
        models: &[String],
    ) -> Result<Vec<String>> {
        let mut text = self.command.clone();
        while let Some((before, rest)) = text.split_once('[') {
            let (each, after) = rest
                .split_once(']')
                .with_context(|| format!("'[' without ']': {}", self.command))?;
            let each = models.iter().map(|name| {
                each.replace("{name}", name).replace("{dir}", &format!("{folder}/{name}"))
            });
            text = format!("{before}{}{after}", each.collect::<Vec<_>>().join(" "));
        }
        let words = shlex::split(&text)
            .filter(|words| !words.is_empty())
            .with_context(|| format!("no command, or an open quote: {}", self.command))?;
        let fill = |word: String| match word.as_str() {
            "{args}" => args.to_vec(),
            _ => vec![word.replace("{program}", program).replace("{folder}", folder)],
        };
        Ok(words.into_iter().flat_map(fill).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn host(command: &str) -> Host {
        Host {
            name: "h".into(),
            command: command.into(),
            encoding: "openvino".into(),
            about: String::new(),
        }
    }

    #[test]
    fn a_template_is_filled_in() {
        let case = crate::cases().unwrap();
        let case = case.iter().find(|case| case.name == "component/load-by-name-twice").unwrap();
        let host = host("h run [-g x::{dir}] --dir '{folder}::/models' {program} -- {args}");
        host.check().unwrap();
        let words = host.command(case, "g", "/m").unwrap().join(" ");
        assert_eq!(
            words,
            "h run -g x::/m/scale -g x::/m/add --dir /m::/models g/wasi-nn-component.wasm -- \
             load-by-name-twice openvino"
        );
    }

    #[test]
    fn a_template_that_lacks_a_part_is_refused() {
        for (command, part) in [
            ("h {args} {folder}", "{program}"),
            ("h {program} {folder}", "{args}"),
            ("h {program} {args}", "{folder}"),
            ("h [x {program} {args} {folder}", "without"),
            ("h '{program} {args} {folder}", "quote"),
        ] {
            let error = host(command).check().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
