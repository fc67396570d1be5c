use std::path::Path;

use godwit_backend::Digest;
use godwit_host::{Limits, ProgramKind};
use serde::Serialize;

use super::size;
use crate::describe::line;
use crate::error::Result;
use crate::program;

/// A compiled app that this host takes back; one that it does not is an error.
#[derive(Debug, Serialize)]
pub(super) struct SealedFacts {
    file: String,
    size: u64,
    sha256: Digest,
    kind: ProgramKind,
    compiled: bool,
}

impl SealedFacts {
    pub(super) fn of(path: &Path, bytes: &[u8]) -> Result<Self> {
        let host = program::host(Limits::default(), program::COMPILE_TIMEOUT)?;
        let program = program::load(&host, path, bytes)?;
        Ok(Self {
            file: path.display().to_string(),
            size: bytes.len() as u64,
            sha256: Digest::of(bytes),
            kind: program.kind(),
            compiled: true,
        })
    }

    pub(super) fn human(&self) -> String {
        let kind = match self.kind {
            ProgramKind::Component => "component, compiled on this host",
            ProgramKind::Module => "core module, compiled on this host",
        };
        [
            line("kind", kind),
            line("size", size(self.size)),
            line("sha256", self.sha256),
            line("runs here", "yes"),
        ]
        .concat()
    }
}
