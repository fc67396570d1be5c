//! A command with limits on its time and its memory.

use std::fs::{self, File};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// The most memory any command may take: more, and the machine suffers.
const MOST_MIB: u64 = 6 * 1024;

/// How a command ended, and what it printed.
pub(crate) struct Ended {
    /// `None` if it was ended for taking too long or too much.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
    /// The most memory it held, where the system tells.
    pub(crate) peak_mib: Option<u64>,
    pub(crate) took_too_much: bool,
}

pub(crate) fn run(words: &[String], limit: Duration) -> Result<Ended> {
    let (program, args) = words.split_first().context("no command")?;
    // Files: nobody has to read while the command runs.
    let folder = tempfile::tempdir()?;
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?)
        .spawn()
        .with_context(|| format!("'{program}' could not be started"))?;
    let mut peak_mib = None;
    let mut took_too_much = false;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        peak_mib = peak(&child).or(peak_mib);
        took_too_much = peak_mib.is_some_and(|peak| peak > MOST_MIB);
        if took_too_much || start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            break None;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let text = |path| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let took = start.elapsed();
    Ok(Ended { status, stdout: text(out)?, stderr: text(err)?, took, peak_mib, took_too_much })
}

/// The most memory it has held so far; only Linux tells.
fn peak(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}
