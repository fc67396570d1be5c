//! What was measured on.

use std::fmt;
use std::fs;
use std::process::Command;
use std::thread;

use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    /// Programs that wanted a core in the minute before: near 0 on a machine of one's own.
    pub(crate) load_before: String,
    pub(crate) load_after: String,
    pub(crate) date: String,
    pub(crate) commit: String,
    pub(crate) compiler: String,
}

impl Machine {
    pub(crate) fn look() -> Self {
        Self {
            processor: processor().unwrap_or_else(|| "unknown".into()),
            cores: thread::available_parallelism().map_or(0, usize::from),
            load_before: load(),
            load_after: String::new(),
            date: said("date", &["-u", "+%Y-%m-%d"]),
            commit: said("git", &["describe", "--always", "--dirty", "--abbrev=10"]),
            compiler: said("rustc", &["--version"]),
        }
    }
}

/// In a line, without the compiler.
impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, load_before, load_after, date, commit, .. } = self;
        let load = format_args!("load {load_before} before and {load_after} after");
        write!(f, "{processor}, {cores} cores, {load}; {date}, commit {commit}")
    }
}

fn processor() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = |name: &str| {
        let line = info.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let (family, model) = (line("cpu family")?, line("model\t")?);
    Some(format!("{}, family {family} model {model}", line("model name")?))
}

pub(crate) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}

fn said(program: &str, args: &[&str]) -> String {
    match Command::new(program).args(args).output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => "unknown".into(),
    }
}
