//! The host that is attacked is a child process; its parent notes how it fares.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use godwit_backend::{DeviceId, Wall};
use godwit_platform::{Family, Isolation, Libraries, Platform, PlatformOptions};
use godwit_policy::{AdmissionLimits, Ledger};

use super::secrets::{FILL, Tenant};
use super::{Fate, Found, Hostile, judge::judge, models};
use crate::child::{Answer, Child, Said, say};

/// How a device is attacked.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program `godwit-coverage`.
    pub program: PathBuf,
    /// What the models are made from.
    pub seed: u64,
    /// Only models whose name holds this.
    pub only: String,
    /// Every how manieth model is taken.
    pub step: usize,
    /// Whether the engine is in the host's process, with nothing refused for what it might do there: that is how the
    /// tables of [`godwit_onnx::walls`] are measured.
    pub bare: bool,
    /// How long one may take.
    pub limit: Duration,
    /// Where the error output of the children goes.
    pub log: PathBuf,
}

/// What became of the models on a device.
#[derive(Debug)]
pub struct Report {
    /// The device.
    pub device: String,
    /// Its library, with its version.
    pub driver: String,
    /// The models, and what became of each.
    pub found: Vec<(Hostile, Found)>,
}

impl Report {
    /// How many had this fate.
    pub fn count(&self, fate: Fate) -> usize {
        self.found.iter().filter(|(_, found)| found.fate == fate).count()
    }

    /// The models by which somebody was harmed.
    pub fn harm(&self) -> impl Iterator<Item = &(Hostile, Found)> {
        self.found.iter().filter(|(_, found)| found.fate.is_harm())
    }
}

/// Attacks `device`; `done` is called after each model.
///
/// # Errors
///
/// When a child cannot be started, or the device does not open.
pub fn watch(plan: &Plan, device: &str, mut done: impl FnMut(&Hostile, &Found)) -> Result<Report> {
    let _ = std::fs::remove_file(&plan.log);
    let start = || {
        let mut command = Command::new(&plan.program);
        command.args(["victim", "--device", device, "--seed", &plan.seed.to_string()]);
        command.args(plan.bare.then_some("--bare"));
        command.env("MALLOC_PERTURB_", FILL.to_string());
        Child::<Found>::start(&mut command, &plan.log)
    };
    let mut child = start()?;
    let mut report =
        Report { device: device.to_owned(), driver: child.driver.clone(), found: Vec::new() };
    let reads_ir = device.starts_with("openvino");
    let all = models(plan.seed)?.into_iter().enumerate();
    let fitting = all.filter(|(_, it)| (!it.is_ir || reads_ir) && it.name.contains(&plan.only));
    for (at, hostile) in fitting.step_by(plan.step.max(1)) {
        let found = match child.ask(&at.to_string(), plan.limit)? {
            Answer::Given(found) => found,
            Answer::Late => Found { fate: Fate::Hung, why: format!("over {:?}", plan.limit) },
            Answer::Ended(why) => Found { fate: Fate::Ended, why },
        };
        done(&hostile, &found);
        if child.is_spent {
            child = start()?;
        }
        report.found.push((hostile, found));
    }
    Ok(report)
}

/// Is the host: judges the models whose numbers come in.
///
/// # Errors
///
/// When the device does not open, or the parent has gone.
pub fn serve(
    device: &str,
    seed: u64,
    bare: bool,
    input: impl BufRead,
    mut output: impl Write,
) -> Result<()> {
    let id = DeviceId::new(device);
    let family = Family::of(&id).with_context(|| format!("no family has a device {id}"))?;
    let mut options = PlatformOptions::default();
    if bare {
        options.isolation = Isolation::none();
        options.family.wall = Wall::Own;
    }
    options.worker_args = vec!["engine".into()];
    if let Some(engine) = family.engine.filter(|_| device.starts_with("rocm")) {
        options.libraries = Libraries::from_iter([(engine, godwit_fixtures::migraphx::library()?)]);
    }
    let platform = Platform::open_for([&id], &options);
    platform.check_device(&id).context("run `cargo xtask setup`")?;
    let driver = platform.devices().iter().find(|it| it.id == id).map(|it| it.driver.clone());
    let backend = platform.tenant(AdmissionLimits::default(), &Ledger::new());
    let mut tenant = Tenant::open(&backend, device)?;
    let models = models(seed)?;
    say(&mut output, &Said::<Found>::Ready { driver: driver.unwrap_or_default() })?;
    for line in input.lines() {
        let at: usize = line?.parse()?;
        let hostile = models.get(at).with_context(|| format!("there is no model {at}"))?;
        let found = match judge(&backend, device, hostile, &mut tenant) {
            Ok(found) => found,
            // Another tenant is harmed by what came before.
            Err(error) => Found { fate: Fate::Leaked, why: format!("another tenant: {error:#}") },
        };
        say(&mut output, &Said::Judged(found))?;
    }
    Ok(())
}
