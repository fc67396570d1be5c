use std::collections::BTreeMap;
use std::path::PathBuf;

use godwit_backend::{Error, Result, known, one_of};

use crate::Environment;

/// How the CUDA backend uses the machine. The first backend of a process decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CudaOptions {
    /// Runs that go on at the same time, each on a thread and a CUDA stream of its own.
    pub streams: usize,
    /// Folders that hold NVIDIA's libraries, looked at before the system's loader is asked.
    pub folders: Vec<PathBuf>,
    /// What the process was started with.
    pub environment: Environment,
}

impl Default for CudaOptions {
    fn default() -> Self {
        Self { streams: 2, folders: Vec::new(), environment: Environment::of_process() }
    }
}

/// What `f32` models are multiplied in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    F32,
    Tf32,
}

/// A target's options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetOptions {
    pub(crate) precision: Precision,
    /// Whether nodes that the GPU lacks may run on the processor.
    pub(crate) fallback: bool,
    pub(crate) deterministic: bool,
}

impl Default for TargetOptions {
    fn default() -> Self {
        Self { precision: Precision::F32, fallback: false, deterministic: false }
    }
}

const OPTIONS: [&str; 3] = ["deterministic", "fallback", "precision"];
const PRECISIONS: [(&str, Precision); 2] = [("f32", Precision::F32), ("tf32", Precision::Tf32)];
const FALLBACKS: [(&str, bool); 2] = [("refused", false), ("allowed", true)];
const SWITCHES: [(&str, bool); 2] = [("false", false), ("true", true)];

impl TargetOptions {
    pub(crate) fn read(options: &BTreeMap<String, String>) -> Result<Self> {
        let mut read = Self::default();
        for (name, value) in options {
            match name.as_str() {
                "precision" => read.precision = one_of(name, value, &PRECISIONS)?,
                "fallback" => read.fallback = one_of(name, value, &FALLBACKS)?,
                "deterministic" => read.deterministic = one_of(name, value, &SWITCHES)?,
                _ => {
                    return Err(Error::unsupported(format!(
                        "CUDA devices have no option '{name}': {}",
                        known("options", name, OPTIONS)
                    )));
                }
            }
        }
        Ok(read)
    }

    /// Whether the process was started so that the options can be kept, for a model with or without
    /// convolutions of `f32`.
    ///
    /// # Errors
    ///
    /// `Unsupported`, saying what the process has to be started with.
    pub(crate) fn check(&self, environment: &Environment, convolves: bool) -> Result<()> {
        let (variable, zero) = Environment::FULL_PRECISION;
        let refused = environment.refuses_tf32();
        match self.precision {
            Precision::F32 if convolves && !refused => {
                return Err(Error::unsupported(
                    "in this process the GPU's library may compute this model's convolutions in TF32, \
                     which was not asked for",
                )
                .with_source(format!(
                    "start the process with {variable}={zero}, or ask for precision = tf32"
                )));
            }
            Precision::Tf32 if refused => {
                return Err(Error::unsupported("this process was started without TF32")
                    .with_source(format!("it was started with {variable}={zero}")));
            }
            _ => {}
        }
        if self.deterministic && !environment.is_reproducible() {
            let (variable, value) = Environment::REPRODUCIBLE;
            return Err(Error::unsupported(
                "in this process the GPU's library may add in another order from run to run",
            )
            .with_source(format!("start the process with {variable}={value}")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use godwit_backend::ErrorKind;

    fn read(name: &str, value: &str) -> Result<TargetOptions> {
        TargetOptions::read(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    fn environment(tf32: Option<&str>, workspace: Option<&str>) -> Environment {
        Environment {
            tf32_override: tf32.map(str::to_owned),
            cublas_workspace: workspace.map(str::to_owned),
            visible_devices: None,
        }
    }

    #[test]
    fn options_are_read_or_named() {
        assert_eq!(read("precision", "tf32").unwrap().precision, Precision::Tf32);
        assert!(read("fallback", "allowed").unwrap().fallback);
        let error = read("precision", "f16").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains("known values: f32, tf32"), "{error}");
        let error = read("presision", "f32").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("did you mean 'precision'"), "{error}");
    }

    #[test]
    fn tf32_is_never_taken_silently() {
        let (full, free) = (environment(Some("0"), None), environment(None, None));
        let plain = TargetOptions::default();
        plain.check(&full, true).unwrap();
        // Matrix products are in full precision wherever nobody asks for less.
        plain.check(&free, false).unwrap();
        let error = plain.check(&free, true).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.report().contains("NVIDIA_TF32_OVERRIDE=0"), "{}", error.report());
        let asked = TargetOptions { precision: Precision::Tf32, ..plain };
        asked.check(&free, true).unwrap();
        assert_eq!(asked.check(&full, false).unwrap_err().kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn determinism_is_promised_only_where_the_library_keeps_it() {
        let asked = TargetOptions { deterministic: true, ..TargetOptions::default() };
        asked.check(&environment(Some("0"), Some(":4096:8")), true).unwrap();
        for workspace in [None, Some(":0:0")] {
            let error = asked.check(&environment(Some("0"), workspace), false).unwrap_err();
            assert!(error.report().contains("CUBLAS_WORKSPACE_CONFIG=:4096:8"));
        }
    }
}
