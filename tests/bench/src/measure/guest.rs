//! What the guest is told and what it answers; see `tests/bench/guest`.

use std::time::Duration;

use anyhow::{Context, Result};

/// Runs before the clock starts.
const WARM_UP: u32 = 3;

/// A model and its one input.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) model: String,
    pub(crate) input: String,
    pub(crate) dims: Vec<usize>,
}

/// What a guest found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) took: Duration,
    /// Of the last output's bytes.
    pub(crate) digest: u64,
}

impl Work {
    /// The guest's arguments, its name first.
    pub(crate) fn args(&self, act: &str, runs: u32) -> Vec<String> {
        let dims = self.dims.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        let (model, input) = (self.model.clone(), self.input.clone());
        let (warm_up, runs) = (self.warm_up(runs).to_string(), runs.to_string());
        ["bench-guest".into(), act.into(), model, input, dims, warm_up, runs].into()
    }

    /// Slow models need not be warmed as often as they are run.
    pub(crate) fn warm_up(&self, runs: u32) -> u32 {
        WARM_UP.min(runs)
    }

    /// The values that the guest sends.
    pub(crate) fn values(&self) -> Vec<f32> {
        vec![0.5; self.dims.iter().product()]
    }

    pub(crate) fn bytes(&self) -> usize {
        self.values().len() * size_of::<f32>()
    }
}

impl Answer {
    pub(crate) fn read(stdout: &[u8]) -> Result<Self> {
        let text = String::from_utf8_lossy(stdout);
        let mut words = text.split_whitespace();
        let mut word = || words.next().with_context(|| format!("the guest printed '{text}'"));
        let took = Duration::from_nanos(word()?.parse()?);
        Ok(Self { took, digest: u64::from_str_radix(word()?, 16)? })
    }
}

/// FNV-1a, 64 bits, as in the guest.
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |digest, &byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
