use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use godwit_backend::Digest;

use crate::native::{Library, Program};

/// The folder in which compiled programs are kept, each with its sum beside it: the library trusts what
/// it reads.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    root: PathBuf,
    /// Whatever all programs of a graph depend on.
    key: String,
}

impl Folder {
    pub(crate) fn new(root: &Path, key: String) -> Self {
        Self { root: root.to_owned(), key }
    }

    /// Where the program for `dims` is.
    fn file(&self, dims: &str) -> PathBuf {
        let name = Digest::of(format!("{} {dims}", self.key).as_bytes());
        self.root.join(format!("{name}.mxr"))
    }

    /// The program for `dims`, if it is there and what it was.
    pub(crate) fn restore(&self, library: &'static Library, dims: &str) -> Option<Program> {
        let file = self.file(dims);
        let bytes = fs::read(&file).ok()?;
        let sum = fs::read_to_string(sum_of(&file)).unwrap_or_default();
        if sum != Digest::of(&bytes).to_string() {
            tracing::info!("a compiled program is not what it was, and is made anew");
            return None;
        }
        Program::restore(library, &file)
            .inspect_err(|error| tracing::warn!(%error, "a compiled program cannot be read"))
            .ok()
    }

    /// Keeps `program` for `dims`. Not being able to costs time the next time, and nothing else.
    pub(crate) fn keep(&self, program: &mut Program, dims: &str) {
        let file = self.file(dims);
        let kept = self.write(program, &file);
        if let Err(error) = kept {
            tracing::warn!(%error, "a compiled program is not kept");
        }
    }

    fn write(&self, program: &mut Program, file: &Path) -> io::Result<()> {
        fs::create_dir_all(&self.root)?;
        // Nobody reads half a file: the sum comes last.
        let staged = file.with_extension(format!("{}.part", std::process::id()));
        let _ = fs::remove_file(sum_of(file));
        program.save(&staged).map_err(io::Error::other)?;
        let sum = Digest::of(&fs::read(&staged)?).to_string();
        fs::rename(&staged, file)?;
        fs::write(sum_of(file), sum)
    }
}

fn sum_of(file: &Path) -> PathBuf {
    file.with_extension("sum")
}
