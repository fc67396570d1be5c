//! Tolerances, and the reasons for them.
//!
//! A dot product of `n` terms computed with unit roundoff `u` is off by at most `γ_n Σ|a_i b_i|`, where
//! `γ_n = n u / (1 - n u)` (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd edition,
//! section 3.1). Rounding errors are not all of one sign: with high probability the factor is
//! `λ √n u` for a small `λ` (Higham and Mary, *A New Approach to Probabilistic Rounding Error
//! Analysis*, SIAM J. Sci. Comput. 41(5), 2019). The profiles use the second: the first allows errors
//! no healthy device makes.
//!
//! With `d` operators that accumulate one after another, independent errors add as `√d`. Devices that
//! round their operands to a narrower type and accumulate in `f32` (tensor cores, AMX) err by `2 u` of
//! the narrow type in each product, whatever `n` is. So the bound of one element is
//!
//! ```text
//! |y - ŷ| <= relative (|y| + rms(y)) + absolute,   relative = λ √d (2 u_narrow + √n u_f32) + 2 u_output
//! ```
//!
//! `rms(y)` stands for `Σ|a_i b_i|`, which the output does not show: where terms cancel, the error is as
//! large as that of its neighbours. The root mean square of all errors of an output, which no single
//! unlucky element moves, is held to half as much of `rms(y)`. These are heuristics, not proofs: a
//! model that amplifies its inputs' errors needs a wider profile, and saying so is the caller's call.

use std::fmt;
use std::str::FromStr;

use godwit_backend::{DType, Error, Model, known};
use godwit_model::{Limits, Summary, precheck};
use serde::{Deserialize, Serialize};

use crate::DeviceStamp;
use crate::number::{count, dtype_named, unit_roundoff};

/// A named set of tolerances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProfileName {
    /// The same values.
    Exact,
    /// Computed in `f32`.
    Fp32,
    /// Operands rounded to 10 fraction bits, accumulated in `f32`.
    Tf32,
    /// Operands in binary16, accumulated in `f32`.
    Fp16,
    /// Operands in bfloat16, accumulated in `f32`.
    Bf16,
    /// Operands quantised to 8 bits.
    Int8,
}

impl ProfileName {
    /// Every profile, the strictest first.
    pub const ALL: [Self; 6] =
        [Self::Exact, Self::Fp32, Self::Tf32, Self::Fp16, Self::Bf16, Self::Int8];

    /// The profile of a device that multiplies in `precision`.
    pub fn of_precision(precision: DType) -> Self {
        match precision {
            DType::F16 => Self::Fp16,
            DType::Bf16 => Self::Bf16,
            DType::I8 | DType::U8 | DType::I16 | DType::U16 => Self::Int8,
            _ => Self::Fp32,
        }
    }

    /// The profile of a device by its description.
    pub fn of_device(stamp: &DeviceStamp) -> Self {
        if stamp.precision == Self::Tf32.name() {
            return Self::Tf32;
        }
        dtype_named(&stamp.precision).map_or(Self::Fp32, Self::of_precision)
    }

    /// The name in configuration and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Fp32 => "fp32",
            Self::Tf32 => "tf32",
            Self::Fp16 => "fp16",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
        }
    }

    /// The reason for its tolerances, for the report.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Exact => {
                "every element must have the same value; -0 equals 0, and NaN equals NaN"
            }
            Self::Fp32 => {
                "f32 rounds by 2^-24 a step; sums taken in another order differ by about the square \
                 root of their length times that"
            }
            Self::Tf32 => {
                "operands keep 11 significant bits (2^-11 a rounding), sums are f32: the error comes \
                 from the operands and does not grow with the length of the sums"
            }
            Self::Fp16 => {
                "operands keep 11 significant bits (2^-11 a rounding), sums are f32; beyond 65504 \
                 binary16 has no numbers, which is an error and no tolerance"
            }
            Self::Bf16 => "operands keep 8 significant bits (2^-8 a rounding), sums are f32",
            Self::Int8 => {
                "operands are one of 256 steps over their range: half a step is 2^-8 of the largest \
                 element; integer outputs of 8 bits may differ by one step"
            }
        }
    }

    /// The unit roundoff of the operands beyond that of `f32`.
    fn narrow(self) -> f64 {
        match self {
            Self::Exact | Self::Fp32 => 0.0,
            Self::Tf32 | Self::Fp16 => unit_roundoff(DType::F16),
            // Half of one of 256 steps over twice the largest element.
            Self::Bf16 | Self::Int8 => unit_roundoff(DType::Bf16),
        }
    }

    /// The tolerances for models that do `work`.
    pub fn tolerance(self, work: Work) -> Tolerance {
        if self == Self::Exact {
            let zero = Tolerance::new(self, 0.0, 0.0);
            return Tolerance { absolute: 0.0, ..zero };
        }
        let sums = count(work.accumulated).sqrt() * unit_roundoff(DType::F32);
        let spread = count(work.depth).sqrt() * (2.0 * self.narrow() + sums);
        Tolerance::new(self, LAMBDA * spread, LAMBDA / 2.0 * spread)
    }
}

/// `λ` of the probabilistic bound: at 4, one element in some 10^3 to 10^15 exceeds it by chance,
/// depending on which of the two published bounds one believes.
const LAMBDA: f64 = 4.0;

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for ProfileName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|profile| profile.name() == text).ok_or_else(|| {
            let known = known("profiles", text, Self::ALL.map(Self::name));
            Error::invalid_argument(format!("'{text}' is not a tolerance profile: {known}"))
        })
    }
}

/// The rounding that a model does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Terms of its longest sums.
    pub accumulated: u64,
    /// Operators that accumulate, one after another.
    pub depth: u64,
}

impl Default for Work {
    /// For networks of the size of ResNet-50 or MiniLM: sums of 4096 terms, 64 operators deep.
    fn default() -> Self {
        Self { accumulated: 4096, depth: 64 }
    }
}

impl Work {
    /// An estimate from what a model's file says: every accumulating operator is counted as if they
    /// stood in a row, from 1 to 256 of them.
    pub fn of(summary: &Summary) -> Self {
        const ACCUMULATE: [&str; 14] = [
            "Conv",
            "ConvTranspose",
            "Gemm",
            "MatMul",
            "Einsum",
            "Attention",
            "ReduceSum",
            "ReduceMean",
            "Softmax",
            "LayerNormalization",
            "BatchNormalization",
            "AveragePool",
            "GlobalAveragePool",
            "LSTM",
        ];
        let counted = |(name, count): (&String, &u64)| {
            let plain = name.rsplit('.').next().unwrap_or(name);
            let plain = plain.strip_prefix("QLinear").unwrap_or(plain);
            let plain = plain.strip_suffix("Integer").unwrap_or(plain);
            let ir = ["Convolution", "GroupConvolution", "MVN", "LSTMSequence"];
            (ACCUMULATE.contains(&plain) || ir.contains(&plain)).then_some(*count)
        };
        let depth: u64 = summary.operators.iter().filter_map(counted).sum();
        Self { depth: depth.clamp(1, 256), ..Self::default() }
    }

    /// The work of the deepest of `models`; `None` if no file can be read.
    pub fn of_models(models: &[Model], limits: &Limits) -> Option<Self> {
        let summaries = models.iter().filter_map(|model| precheck(model, limits).ok().flatten());
        summaries.map(|summary| Self::of(&summary)).max_by_key(|work| work.depth)
    }
}

/// The values of a profile. Change them for models that need others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// The profile they are from.
    pub profile: ProfileName,
    /// Of one element: relative to its size plus the root mean square of its tensor.
    pub relative: f64,
    /// Of one element: always allowed.
    pub absolute: f64,
    /// Of a whole tensor: the root mean square of the errors relative to that of the reference.
    pub rms: f64,
    /// How much integers of 8 bits may differ. Wider ones and booleans must be equal.
    pub integer_steps: u64,
}

impl Tolerance {
    fn new(profile: ProfileName, relative: f64, rms: f64) -> Self {
        let integer_steps = u64::from(profile == ProfileName::Int8);
        // Devices may flush what is smaller to zero.
        let absolute = f64::from(f32::MIN_POSITIVE);
        Self { profile, relative, absolute, rms, integer_steps }
    }

    /// These tolerances with the rounding of an output's own dtype.
    pub(crate) fn for_output(self, dtype: DType) -> Self {
        if self.profile == ProfileName::Exact {
            return self;
        }
        let own = 2.0 * unit_roundoff(dtype);
        let own = if dtype == DType::F32 || dtype == DType::F64 { 0.0 } else { own };
        Self { relative: self.relative + own, rms: self.rms + own, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formula_by_hand() {
        let work = Work { accumulated: 4096, depth: 4 };
        let relative = |profile: ProfileName| profile.tolerance(work).relative;
        // 4 * 2 * (2 u + 64 * 2^-24)
        assert_eq!(relative(ProfileName::Exact), 0.0);
        assert_eq!(relative(ProfileName::Fp32), 8.0 * 64.0 * 2f64.powi(-24));
        assert_eq!(relative(ProfileName::Fp16), 8.0 * (2f64.powi(-10) + 2f64.powi(-18)));
        assert_eq!(relative(ProfileName::Bf16), 8.0 * (2f64.powi(-7) + 2f64.powi(-18)));
        assert_eq!(relative(ProfileName::Tf32), relative(ProfileName::Fp16));
    }

    #[test]
    fn a_device_that_says_tf32_is_judged_by_it() {
        let stamp = |precision: &str| DeviceStamp {
            id: "cuda:0".into(),
            kind: "gpu".into(),
            name: "a GPU".into(),
            driver: "a library".into(),
            precision: precision.into(),
        };
        assert_eq!(ProfileName::of_device(&stamp("tf32")), ProfileName::Tf32);
        assert_eq!(ProfileName::of_device(&stamp("bf16")), ProfileName::Bf16);
    }

    #[test]
    fn every_precision_has_its_profile() {
        let profile = ProfileName::of_precision;
        assert_eq!(profile(DType::F32), ProfileName::Fp32);
        assert_eq!(profile(DType::F64), ProfileName::Fp32);
        assert_eq!(profile(DType::F16), ProfileName::Fp16);
        assert_eq!(profile(DType::Bf16), ProfileName::Bf16);
        assert_eq!(profile(DType::I8), ProfileName::Int8);
    }

    #[test]
    fn names_are_read_back_and_slips_are_answered() {
        for profile in ProfileName::ALL {
            assert_eq!(profile.name().parse::<ProfileName>().unwrap(), profile);
        }
        let error = "fp23".parse::<ProfileName>().unwrap_err();
        assert!(error.message().contains("did you mean 'fp32'?"), "{error}");
    }

    #[test]
    fn depth_is_what_the_file_says() {
        let digits = godwit_fixtures::models::DIGITS_ONNX;
        let summary = godwit_model::onnx::summarize(digits, &godwit_model::Limits::default());
        let summary = summary.unwrap();
        let depth = Work::of(&summary).depth;
        assert!((1..10).contains(&depth), "{depth} of {:?}", summary.operators);
    }
}
