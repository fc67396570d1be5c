use std::process::ExitCode;

use clap::Args;
use godwit_engines::{ENGINES, Environment, find_in};
use godwit_platform::{Confinement, PlatformOptions, confinement};
use serde::Serialize;

use crate::error::Result;
use crate::print;
use crate::table::table;

const EXAMPLES: &str = "\
Examples:
  godwit doctor
  godwit doctor --json | jq '.checks[] | select(.ok | not)'";

/// Check what this machine offers: how well engines are confined, and which engines there are.
///
/// Engines run in worker processes, which the kernel confines. What it does not enforce is listed here, and refused
/// with --isolate strict.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    checks: Vec<Check>,
}

#[derive(Debug, Serialize)]
struct Check {
    name: String,
    ok: bool,
    /// What it is for, or what is wrong.
    about: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Check {
    fn new(name: impl Into<String>, ok: bool, about: impl Into<String>) -> Self {
        Self { name: name.into(), ok, about: about.into(), remedy: None }
    }

    fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: (!self.ok).then(|| remedy.into()), ..self }
    }
}

pub(crate) fn doctor(args: &DoctorArgs, options: &PlatformOptions) -> Result<ExitCode> {
    let mut checks = match confinement(options) {
        Ok(confinement) => workers(&confinement),
        Err(error) => vec![Check::new("worker processes", false, error.report())],
    };
    checks.extend(engines(options));
    let report = Report { checks };
    match args.json {
        true => print::json(&report)?,
        false => print::text(&human(&report))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn workers(confinement: &Confinement) -> Vec<Check> {
    let &Confinement { namespaces, files, system_calls, memory } = confinement;
    vec![
        Check::new("worker: network", namespaces, "engines have no network: namespaces").remedy(
            "allow unprivileged user namespaces: sysctl kernel.unprivileged_userns_clone=1",
        ),
        Check::new(
            "worker: files",
            files,
            "engines read their library and no other file: Landlock",
        )
        .remedy("use Linux 5.13 or newer, with Landlock among its security modules"),
        Check::new(
            "worker: system calls",
            system_calls,
            "engines make the system calls of computing alone: seccomp",
        )
        .remedy("allow seccomp where this runs in a container"),
        Check::new("worker: memory", memory, "engines take the memory that a limit gives them")
            .remedy("use Linux 4.7 or newer"),
    ]
}

fn engines(options: &PlatformOptions) -> Vec<Check> {
    let environment = Environment::of_process();
    let check = |engine| match find_in(&environment, engine, options.libraries.path(engine)) {
        Ok(found) => {
            let about = format!("{} at {}", engine.summary, found.path.display());
            Check::new(format!("engine: {}", engine.name), true, about)
        }
        Err(_) => Check::new(format!("engine: {}", engine.name), false, "not on this machine")
            .remedy(format!("godwit engines install {}", engine.name)),
    };
    ENGINES.map(check).into()
}

fn human(report: &Report) -> String {
    let rows = report.checks.iter().map(|check| {
        let ok = if check.ok { "yes" } else { "no" };
        let about = match &check.remedy {
            Some(remedy) => format!("{}; {remedy}", check.about),
            None => check.about.clone(),
        };
        [check.name.clone(), ok.to_owned(), about]
    });
    table(["CHECK", "OK", "DETAILS"], rows, &[])
}
