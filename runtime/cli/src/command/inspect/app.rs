use std::path::Path;

use godwit_backend::Digest;
use godwit_host::{Description, Item, Limits, ProgramKind};
use godwit_model::text::shown;
use serde::Serialize;

use super::size;
use crate::describe::{line, lines};
use crate::error::Result;
use crate::program;

/// What a component or core module says of itself, and whether it can run here.
#[derive(Debug, Serialize)]
pub(super) struct AppFacts {
    file: String,
    size: u64,
    sha256: Digest,
    #[serde(flatten)]
    description: Description,
    /// Why `godwit run` refuses it, if it does.
    refused: Option<String>,
}

impl AppFacts {
    pub(super) fn of(path: &Path, bytes: &[u8]) -> Result<Self> {
        program::check_header(path, bytes)?;
        let host = program::host(Limits::default(), program::COMPILE_TIMEOUT)?;
        let description = host.describe(bytes).map_err(|error| program::corrupt(path, &error))?;
        let refused = host.load(bytes).err().map(|error| program::reason(&description, &error));
        Ok(Self {
            file: path.display().to_string(),
            size: bytes.len() as u64,
            sha256: Digest::of(bytes),
            description,
            refused,
        })
    }

    pub(super) fn human(&self) -> String {
        let kind = match self.description.kind {
            ProgramKind::Component => "component",
            ProgramKind::Module => "core module",
        };
        let runs = match &self.refused {
            None => "yes",
            Some(_) => "no, see below",
        };
        [
            line("kind", kind),
            line("world", self.description.world),
            line("size", size(self.size)),
            line("sha256", self.sha256),
            lines("imports", self.description.imports.iter().map(import)),
            lines("exports", self.description.exports.iter().map(|export| export.name.clone())),
            line("runs here", runs),
            self.refused.as_deref().map(refusal).unwrap_or_default(),
        ]
        .concat()
    }
}

/// An import that is missing has a line of its own.
fn refusal(why: &str) -> String {
    std::iter::once(String::new()).chain(why.lines().map(shown)).map(|line| line + "\n").collect()
}

fn import(item: &Item) -> String {
    if item.provided { item.name.clone() } else { format!("{} (missing)", item.name) }
}
