use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use godwit_backend::{DType, Error, Result, known, one_of};

/// How the ROCm backend uses the library and the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RocmOptions {
    /// A folder where compiled programs are kept, so that loading them again is quick. `None` keeps none.
    pub cache_dir: Option<PathBuf>,
    /// How long a model may take to load or to be compiled for other dimensions. The library cannot be
    /// stopped: a thread that takes longer goes on until it is done, and the next load waits for it.
    pub load_deadline: Duration,
    /// Sizes of inputs that a graph of free dimensions is kept compiled for at one time, at least 1. Each
    /// holds the model's weights once.
    pub programs: usize,
}

impl Default for RocmOptions {
    fn default() -> Self {
        Self { cache_dir: None, load_deadline: Duration::from_secs(600), programs: 4 }
    }
}

/// What a graph computes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Precision {
    /// The model's own dtypes.
    #[default]
    Own,
    /// The library's conversion to f16.
    F16,
    /// The library's conversion to i8, by samples of the inputs.
    I8,
}

/// A target's options.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TargetOptions {
    pub(crate) precision: Precision,
    /// The folder of samples for i8.
    pub(crate) calibration: Option<PathBuf>,
    pub(crate) fast_math: bool,
    pub(crate) exhaustive_tune: bool,
    /// Batch sizes to compile for, ascending; empty for whatever comes.
    pub(crate) batches: Vec<usize>,
}

const OPTIONS: [&str; 5] = ["batches", "calibration", "exhaustive_tune", "fast_math", "precision"];
const PRECISIONS: [(&str, Precision); 3] =
    [("f16", Precision::F16), ("f32", Precision::Own), ("int8", Precision::I8)];
const ANSWERS: [(&str, bool); 2] = [("no", false), ("yes", true)];

impl TargetOptions {
    pub(crate) fn read(options: &BTreeMap<String, String>) -> Result<Self> {
        let mut read = Self::default();
        for (name, value) in options {
            match name.as_str() {
                "precision" => read.precision = one_of(name, value, &PRECISIONS)?,
                "fast_math" => read.fast_math = one_of(name, value, &ANSWERS)?,
                "exhaustive_tune" => read.exhaustive_tune = one_of(name, value, &ANSWERS)?,
                "calibration" => read.calibration = Some(PathBuf::from(value)),
                "batches" => read.batches = batches(value)?,
                _ => {
                    return Err(Error::unsupported(format!(
                        "ROCm's devices have no option '{name}': {}",
                        known("options", name, OPTIONS)
                    )));
                }
            }
        }
        if (read.precision == Precision::I8) != read.calibration.is_some() {
            return Err(Error::invalid_argument(
                "the options precision = 'int8' and calibration belong together: the range of values \
                 is taken from samples of the inputs",
            ));
        }
        Ok(read)
    }

    /// What an f32 model multiplies in.
    pub(crate) fn dtype(&self) -> DType {
        match self.precision {
            Precision::Own => DType::F32,
            Precision::F16 => DType::F16,
            Precision::I8 => DType::I8,
        }
    }
}

fn batches(value: &str) -> Result<Vec<usize>> {
    let sizes: Option<Vec<usize>> =
        value.split(',').map(|it| it.trim().parse().ok().filter(|it| *it > 0)).collect();
    let mut sizes = sizes.filter(|it| it.len() <= 16).ok_or_else(|| {
        Error::invalid_argument(format!(
            "the option batches = '{value}' is not a list of at most 16 sizes such as '1,8,32'"
        ))
    })?;
    sizes.sort_unstable();
    sizes.dedup();
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use godwit_backend::ErrorKind;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<TargetOptions> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        TargetOptions::read(&pairs.collect())
    }

    #[test]
    fn options_are_read_or_named() {
        assert_eq!(read(&[]).unwrap().dtype(), DType::F32);
        assert_eq!(read(&[("precision", "f16")]).unwrap().dtype(), DType::F16);
        assert_eq!(read(&[("batches", "32, 1,8,8")]).unwrap().batches, [1, 8, 32]);
        assert!(read(&[("fast_math", "yes")]).unwrap().fast_math);
        for (name, value) in
            [("batches", "1,0"), ("batches", ""), ("precision", "int8"), ("calibration", "x")]
        {
            let error = read(&[(name, value)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{name}: {error}");
        }
        let error = read(&[("batch", "2")]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("did you mean 'batches'?"), "{error}");
        let both = [("precision", "int8"), ("calibration", "samples")];
        assert_eq!(read(&both).unwrap().dtype(), DType::I8);
    }
}
