//! Models of one operator that do what no honest one does: places outside of their tensor, lengths that do not fit,
//! tensors of nothing. They are generated from a number, so that none is kept.
//!
//! Each is loaded and run as any guest's model is, in a child process that is the host, beside another tenant whose
//! tensors and weights hold a pattern. What became of it is its [`Fate`].

mod attack;
mod ir;
mod judge;
mod layers;
mod onnx;
mod operators;
mod page;
mod secrets;
mod spec;
mod watch;

use anyhow::Result;
use fastrand::Rng;
use godwit_backend::{Encoding, Model, Tensor};
use serde::{Deserialize, Serialize};

pub use page::{PAGE, renew};
pub use watch::{Plan, Report, serve, watch};

/// The seed of the run that every test run does.
pub const SEED: u64 = 14;

/// The devices that need no hardware.
pub const DEVICES: [&str; 4] = ["cpu:0", "ort-cpu:0", "openvino-cpu:0", "rocm-ref:0"];

type Named = (String, Tensor);

/// A model with the inputs of a few runs.
#[derive(Debug, Clone)]
pub struct Hostile {
    /// What is attacked and how; no two have the same.
    pub name: String,
    /// The operator.
    pub operator: String,
    /// Whether it is an OpenVINO IR.
    pub is_ir: bool,
    files: Vec<Vec<u8>>,
    runs: Vec<Vec<Named>>,
    selects: bool,
    operands: usize,
}

impl Hostile {
    /// How many operands the operator has, constants included.
    pub(crate) fn operands(&self) -> usize {
        self.operands
    }

    /// The model as a guest would load it.
    pub fn model(&self) -> Model {
        let encoding = if self.is_ir { Encoding::Openvino } else { Encoding::Onnx };
        Model::new(
            &self.name,
            encoding,
            self.files.iter().cloned().map(Into::into).collect::<Vec<_>>(),
        )
    }
}

/// What became of a model, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// Refused at load.
    Refused,
    /// Loaded, and refused at a run, or a run failed.
    Failed,
    /// It ran, and nothing of it came from elsewhere.
    Answered,
    /// A worker process ended; the host went on.
    Worker,
    /// No answer in time.
    Hung,
    /// An output holds what the model was never given.
    Leaked,
    /// The host ended.
    Ended,
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Refused,
        Self::Failed,
        Self::Answered,
        Self::Worker,
        Self::Hung,
        Self::Leaked,
        Self::Ended,
    ];

    /// As a column is headed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Answered => "answered",
            Self::Worker => "worker ended",
            Self::Hung => "hung",
            Self::Leaked => "leaked",
            Self::Ended => "host ended",
        }
    }

    /// Whether somebody else was harmed.
    pub fn is_harm(self) -> bool {
        matches!(self, Self::Hung | Self::Leaked | Self::Ended)
    }
}

/// A fate and how it came to be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Found {
    /// The fate.
    pub fate: Fate,
    /// The words of an error, or what leaked.
    pub why: String,
}

/// The models of a seed, ONNX before IR.
///
/// # Errors
///
/// When an operator's description is wrong.
pub fn models(seed: u64) -> Result<Vec<Hostile>> {
    let mut random = Rng::with_seed(seed);
    let mut all: Vec<Hostile> = Vec::new();
    for (is_ir, specs) in [(false, operators::onnx()), (true, layers::layers())] {
        let write = if is_ir { ir::write } else { onnx::write };
        for (at, spec) in specs.iter().enumerate() {
            for attack in attack::attacks(spec, &mut random) {
                let kind = if is_ir { "IR" } else { "ONNX" };
                let name = format!("{kind} {}-{at} {}", spec.operator, attack.what);
                let mut hostile = write(name, &attack)?;
                hostile.selects = spec.selects;
                all.push(hostile);
            }
        }
        if !is_ir {
            all.extend(onnx::control_flow());
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_many_models_always_the_same() {
        let (one, other) = (models(SEED).unwrap(), models(SEED).unwrap());
        let ir = one.iter().filter(|it| it.is_ir).count();
        assert!(one.len() - ir >= 400 && ir >= 100, "{} ONNX, {ir} IR", one.len() - ir);
        assert!(one.iter().zip(&other).all(|(one, other)| one.files == other.files));
        let another = models(SEED + 1).unwrap();
        assert!(one.iter().zip(&another).any(|(one, other)| one.files != other.files));
    }
}
