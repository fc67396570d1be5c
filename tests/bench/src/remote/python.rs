//! Python's client, in a process that is started once: it is asked for blocks of calls.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use godwit_remote_tests::python;

use crate::measure::Side;
use crate::measure::guest::Work;

pub(super) struct Python(Mutex<Process>);

struct Process {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Python {
    pub(super) fn start(protocol: &str, port: u16, work: &Work, output: &str) -> Result<Self> {
        let dims = work.dims.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        let mut command = python("triton");
        command.args(["-c", include_str!("client.py"), protocol]);
        command.arg(format!("127.0.0.1:{port}"));
        command.args([&work.model, &work.input, &dims, output]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("Python cannot be started")?;
        let asks = child.stdin.take().context("a process without an input")?;
        let answers = child.stdout.take().context("a process without an output")?;
        Ok(Self(Mutex::new(Process { child, asks, answers: BufReader::new(answers) })))
    }
}

impl Side for Python {
    fn block(&self, runs: u32) -> Result<Duration> {
        let mut process = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(process.asks, "{runs}")?;
        let mut line = String::new();
        process.answers.read_line(&mut line)?;
        let nanos = line.trim().parse().context("Python's client has ended")?;
        Ok(Duration::from_nanos(nanos))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It ends by itself at the end of its input, which comes too late for a wait here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
