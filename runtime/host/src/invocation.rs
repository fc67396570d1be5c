use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use godwit_backend::{Error, Result};
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

use crate::wasi::{Bounds, Outlet, Stream};
use crate::{Inference, Limits};

/// One run of a program: what it is given and what it may use.
#[derive(Debug)]
pub struct Invocation {
    /// The guest's arguments, the program's name first.
    pub args: Vec<String>,
    /// The guest's environment.
    pub env: Vec<(String, String)>,
    /// The directories it sees.
    pub dirs: Vec<Dir>,
    /// Its standard streams.
    pub stdio: Stdio,
    /// What it may use.
    pub limits: Limits,
    /// What its `wasi:nn` calls reach.
    pub inference: Inference,
}

/// A host directory and the name under which the guest sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dir {
    /// The directory on the host.
    pub host: PathBuf,
    /// Its name inside the guest, for example `/images`.
    pub guest: String,
    /// Whether writing is refused.
    pub read_only: bool,
}

/// A guest's standard streams.
#[derive(Debug)]
#[non_exhaustive]
pub enum Stdio {
    /// Those of this process.
    Inherit,
    /// Bytes for input, bounded buffers for output; made by [`Stdio::captured`].
    Captured {
        /// What the guest reads.
        stdin: Bytes,
        /// What it writes.
        output: Output,
    },
}

impl Stdio {
    /// Streams in memory. A guest that writes more than `limit` bytes to one of them gets an error.
    pub fn captured(stdin: impl Into<Bytes>, limit: usize) -> (Self, Output) {
        let output =
            Output { stdout: MemoryOutputPipe::new(limit), stderr: MemoryOutputPipe::new(limit) };
        (Self::Captured { stdin: stdin.into(), output: output.clone() }, output)
    }
}

/// What a guest wrote. Clones share the bytes.
#[derive(Debug, Clone)]
pub struct Output {
    stdout: MemoryOutputPipe,
    stderr: MemoryOutputPipe,
}

impl Output {
    /// What it wrote to standard output so far.
    pub fn stdout(&self) -> Bytes {
        self.stdout.contents()
    }

    /// What it wrote to standard error so far.
    pub fn stderr(&self) -> Bytes {
        self.stderr.contents()
    }
}

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// The guest ended by itself with this code.
    Code(i32),
    /// The guest was stopped by a trap.
    Trapped {
        /// What it did.
        reason: String,
    },
    /// The guest was stopped by its deadline.
    TimedOut {
        /// How long it had.
        after: Duration,
    },
}

/// The process's streams that an invocation writes to, if it does.
pub(crate) type Outlets = Vec<Outlet>;

/// The WASI context of an invocation, and what has to be waited for at its end. `charged` is charged for what it writes
/// to the process's streams.
pub(crate) fn wasi(
    args: &[String],
    env: &[(String, String)],
    dirs: &[Dir],
    stdio: Stdio,
    charged: Option<&Bounds>,
) -> Result<(WasiCtxBuilder, Outlets)> {
    let mut wasi = WasiCtxBuilder::new();
    // No address is allowed; without these, a guest could still hold sockets.
    wasi.args(args).envs(env).allow_tcp(false).allow_udp(false);
    for dir in dirs {
        let perms = if dir.read_only { FsPerms::ReadOnly } else { FsPerms::ReadWrite };
        wasi.preopened_dir(&dir.host, &dir.guest, perms).map_err(|error| {
            let host = dir.host.display();
            Error::not_found(format!("the directory '{host}' cannot be opened")).with_source(error)
        })?;
    }
    let mut outlets = Outlets::new();
    match stdio {
        Stdio::Inherit => {
            let stdout = Outlet::new(Stream::Stdout, charged.cloned());
            let stderr = Outlet::new(Stream::Stderr, charged.cloned());
            wasi.inherit_stdin().stdout(stdout.clone()).stderr(stderr.clone());
            outlets.extend([stdout, stderr]);
        }
        Stdio::Captured { stdin, output } => {
            wasi.stdin(MemoryInputPipe::new(stdin)).stdout(output.stdout).stderr(output.stderr);
        }
    }
    Ok((wasi, outlets))
}
