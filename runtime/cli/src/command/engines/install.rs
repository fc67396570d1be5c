use std::io::{self, IsTerminal as _};
use std::mem::discriminant;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use godwit_engines::{Engine, InstallOptions, Step};
use indicatif::{ProgressBar, ProgressStyle};

use super::{engine, failed, size};
use crate::error::Result;
use crate::print;

const EXAMPLES: &str = "\
Examples:
  godwit engines install openvino
  godwit engines install openvino onnxruntime
  GODWIT_ENGINES=/srv/engines godwit engines install onnxruntime
      into a shared folder: its users set the same variable
  godwit engines install openvino --wheel openvino-2026.4.1-22982-cp312-cp312-win_amd64.whl
      offline, from a file that was downloaded elsewhere

Releases come from the Python package index. They are fetched by 'python3 -I -m pip' with its settings
(index, proxy) and checked against a hash that is part of godwit. Only libraries and licences are unpacked.";

/// Install an engine, in the release that this version of godwit was tested with.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct InstallArgs {
    /// The engines to install.
    #[arg(value_name = "NAME", value_parser = engine(), required = true)]
    engines: Vec<&'static Engine>,

    /// Reinstall engines that are already installed.
    #[arg(long)]
    force: bool,

    /// Install from this file instead of downloading. Its hash is checked as well.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    wheel: Option<PathBuf>,
}

pub(super) fn install(args: &InstallArgs, folder: &Path) -> Result<()> {
    let options = InstallOptions { force: args.force, wheel: args.wheel.clone() };
    for engine in &args.engines {
        let mut shown = Shown::new(engine);
        let ended = godwit_engines::install(engine, folder, &options, &mut |step| shown.step(step));
        drop(shown);
        let there = ended.map_err(|error| {
            failed(format!("cannot install {} {}", engine.name, engine.release.version), &error)
        })?;
        print::text(&format!(
            "installed {} {} in '{}' ({})\n",
            there.engine,
            there.version,
            there.folder.display(),
            size(there.size)
        ))?;
    }
    Ok(())
}

/// A bar on a terminal, one line a step elsewhere.
struct Shown {
    name: String,
    bar: Option<ProgressBar>,
    last: Option<Step>,
}

impl Shown {
    fn new(engine: &Engine) -> Self {
        let name = format!("{} {}", engine.name, engine.release.version);
        Self { name, bar: None, last: None }
    }

    fn step(&mut self, step: Step) {
        let is_new =
            self.last.replace(step).as_ref().map(discriminant) != Some(discriminant(&step));
        let (doing, amount) = match step {
            Step::Waiting => ("waiting for another installation to finish", None),
            Step::Fetching { done, total } => ("downloading", Some((done, total))),
            Step::Checking => ("checking", None),
            Step::Unpacking { done, total } => ("unpacking", Some((done, total))),
        };
        if !io::stderr().is_terminal() {
            if is_new {
                let total = amount.map(|(_, total)| format!(" {}", size(total)));
                print::note(&format!("{}: {doing}{}\n", self.name, total.unwrap_or_default()));
            }
            return;
        }
        if is_new {
            self.clear();
            self.bar = Some(bar(format!("{}: {doing}", self.name), amount.is_some()));
        }
        if let (Some(bar), Some((done, total))) = (&self.bar, amount) {
            bar.set_length(total);
            bar.set_position(done);
        }
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.clear();
    }
}

fn bar(doing: String, is_counted: bool) -> ProgressBar {
    let (bar, template) = if is_counted {
        let bar = ProgressBar::new(0);
        (bar, "{spinner} {msg} {bar:30} {decimal_bytes} of {decimal_total_bytes}, {eta} left")
    } else {
        (ProgressBar::new_spinner(), "{spinner} {msg} ({elapsed})")
    };
    let bar = bar.with_message(doing);
    let bar = match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    };
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    bar
}
