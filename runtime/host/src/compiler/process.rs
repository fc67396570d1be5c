//! The side of the host: one process a compilation, killed at its deadline.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use godwit_backend::{Error, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use wasmtime::Engine;

use super::serve::INVALID;
use super::{Compiled, CompilerProcess};

/// The most machine code that is taken, in bytes. The process's own limit on what it writes is the same.
pub(super) const MOST_NATIVE: u64 = 2 << 30;

/// The most of a reason that is repeated, in bytes.
const MOST_REASON: u64 = 4096;

/// Machine code that the process wrote which this one has started.
pub(super) struct Native(Vec<u8>);

/// Compiles `wasm`. Input and output are files in memory that no other process can open, and the process is gone before
/// its output is looked at.
pub(super) fn compile(process: &CompilerProcess, wasm: &[u8]) -> Result<Native> {
    let unavailable = |error: std::io::Error| {
        Error::unavailable("the process that compiles cannot be started").with_source(error)
    };
    let (input, output) = files(wasm).map_err(unavailable)?;
    let begun = Instant::now();
    let child = Command::new(&process.program)
        .args(&process.args)
        .env_clear()
        .current_dir("/")
        .stdin(input)
        .stdout(output.try_clone().map_err(unavailable)?)
        .stderr(Stdio::null())
        .spawn()
        .map_err(unavailable)?;
    let mut child = Killed(child);
    if !ends_within(&child.0, process.timeout.saturating_sub(begun.elapsed())) {
        drop(child);
        return Err(Error::timeout(format!(
            "the app was not compiled within {:?}",
            process.timeout
        )));
    }
    let status = child.0.wait().map_err(unavailable)?;
    drop(child);
    match status.code() {
        Some(0) => Ok(Native(read(output, MOST_NATIVE)?)),
        Some(code) if code == i32::from(INVALID) => {
            let reason = read(output, MOST_REASON)?;
            Err(Error::invalid_argument(String::from_utf8_lossy(&reason).into_owned()))
        }
        _ => Err(Error::too_large(format!(
            "compiling the app ended early ({status}): it may need more memory than there is for it"
        ))),
    }
}

fn files(wasm: &[u8]) -> std::io::Result<(File, File)> {
    let memory = |name| memfd_create(name, MemfdFlags::CLOEXEC).map(File::from);
    let (mut input, output) = (memory("wasm")?, memory("native")?);
    input.write_all(wasm)?;
    input.rewind()?;
    Ok((input, output))
}

/// Kills what it holds, and waits for its end.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // Both fail only for a process that has ended and been waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for the end of `child`, and says whether it came in time.
fn ends_within(child: &Child, time: Duration) -> bool {
    let Some(end) = Instant::now().checked_add(time) else { return true };
    let Some(fd) = end_of(child) else { return false };
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let Ok(left) = Timespec::try_from(left) else { return false };
        let mut polled = [PollFd::new(&fd, PollFlags::IN)];
        match poll(&mut polled, Some(&left)) {
            Ok(count) => return count > 0,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

/// A descriptor that becomes readable when `child` ends.
fn end_of(child: &Child) -> Option<OwnedFd> {
    let pid = Pid::from_raw(i32::try_from(child.id()).ok()?)?;
    pidfd_open(pid, PidfdFlags::empty()).ok()
}

fn read(mut output: File, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    output
        .rewind()
        .and_then(|()| output.take(most).read_to_end(&mut bytes))
        .map(|_| bytes)
        .map_err(|error| Error::unavailable("the compiled app cannot be read").with_source(error))
}

impl Compiled {
    /// Loads what a process compiled.
    #[allow(
        unsafe_code,
        reason = "only machine code that this host's own process wrote comes here"
    )]
    pub(super) fn from_child(engine: &Engine, native: &Native) -> Result<Self> {
        let unusable =
            || Error::internal("the process that compiles and this one are of different versions");
        // SAFETY: `compile` alone makes one, of what the compiler of this program wrote to a file that it alone had.
        match unsafe { Self::deserialize(engine, &native.0) } {
            Some(compiled) => compiled.map_err(|error| unusable().with_source(error)),
            None => Err(unusable()),
        }
    }
}
