use std::fs::{self, File};
use std::io::{Seek as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use fastrand::Rng;

use crate::{TARGETS, Target, mutate};

/// One target, its corpus, and a seed from which every input follows.
pub struct Session {
    target: Box<dyn Target>,
    name: &'static str,
    seed: u64,
    corpus: Vec<Vec<u8>>,
}

/// What was tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Inputs.
    pub inputs: u64,
    /// Calls that they made.
    pub calls: u64,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Session {
    /// Opens the target called `name` with what is saved under `tests/fuzz/corpus`.
    ///
    /// # Errors
    ///
    /// For a name that no target has, and a corpus that cannot be read.
    pub fn open(name: &str, seed: u64) -> Result<Self> {
        let found = TARGETS.iter().find(|(one, _)| *one == name);
        let Some(&(name, open)) = found else {
            let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
            bail!("there is no target '{name}'; there are {}", names.join(", "));
        };
        let target = open();
        let mut corpus = target.seeds();
        corpus.extend(saved(name)?);
        if corpus.is_empty() {
            corpus.push(Vec::new());
        }
        Ok(Self { target, name, seed, corpus })
    }

    /// The `number`th input: the corpus as it is, then what is made of it.
    pub fn input(&self, number: u64) -> Vec<u8> {
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        if let Some(saved) = self.corpus.get(index) {
            return saved.clone();
        }
        let mut rng = Rng::with_seed(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut pick = || self.corpus[rng.usize(..self.corpus.len())].clone();
        let (mut input, other) = (pick(), pick());
        for _ in 0..rng.usize(1..=4) {
            mutate(&mut input, &other, &mut rng);
        }
        input
    }

    /// Tries inputs for as long as `time`, or until `calls` were made if there is such a number, beginning with the
    /// input `from`.
    ///
    /// # Errors
    ///
    /// The first failure, with the number of its input, which is saved under `target/fuzz`.
    pub fn run(&mut self, time: Duration, calls: Option<u64>, from: u64) -> Result<Count> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/fuzz");
        fs::create_dir_all(&folder)?;
        let mut note = File::create(folder.join(format!("{}.last", self.name)))?;
        let begun = Instant::now();
        let mut count = Count::default();
        while begun.elapsed() < time && calls.is_none_or(|most| count.calls < most) {
            let number = from + count.inputs;
            // Left behind if the process ends with this input.
            note.rewind()?;
            write!(note, "--seed {} --from {number}                ", self.seed)?;
            let input = self.input(number);
            match catch_unwind(AssertUnwindSafe(|| self.target.run(&input))) {
                Ok(Ok(calls)) => count.calls += calls,
                Ok(Err(failure)) => return self.failed(&folder, number, &input, &failure),
                Err(_) => return self.failed(&folder, number, &input, "it panicked"),
            }
            count.inputs += 1;
        }
        Ok(count)
    }

    fn failed(&self, folder: &Path, number: u64, input: &[u8], failure: &str) -> Result<Count> {
        let Self { name, seed, .. } = self;
        let file = folder.join(format!("{name}-{seed}-{number}"));
        fs::write(&file, input)?;
        bail!(
            "{name}: {failure}\nagain: cargo xtask fuzz --target {name} --seed {seed} --from {number}\nsaved: {}",
            file.display()
        )
    }
}

/// The saved inputs in the order of their names.
fn saved(name: &str) -> Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let Ok(entries) = fs::read_dir(&folder) else { return Ok(Vec::new()) };
    let paths: std::io::Result<Vec<PathBuf>> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths?;
    paths.sort();
    let read = |path: PathBuf| fs::read(&path).with_context(|| path.display().to_string());
    paths.into_iter().map(read).collect()
}
