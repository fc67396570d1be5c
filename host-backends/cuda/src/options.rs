use std::collections::BTreeMap;
use std::path::PathBuf;

use godwit_backend::{Error, Result, known, one_of};

use crate::Environment;

/// The options of the CUDA backend. Those of the first backend in a process apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CudaOptions {
    /// The number of concurrent runs, each on its own thread and CUDA stream. Default: 2.
    pub streams: usize,
    /// Folders with NVIDIA's libraries, searched before the system's.
    pub folders: Vec<PathBuf>,
    /// The environment of the process.
    pub environment: Environment,
}

impl Default for CudaOptions {
    fn default() -> Self {
        Self { streams: 2, folders: Vec::new(), environment: Environment::of_process() }
    }
}

/// The precision of products of `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    F32,
    Tf32,
}

/// A target's options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetOptions {
    pub(crate) precision: Precision,
    /// Whether operators that the GPU does not support may run on the CPU.
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

    /// Whether the environment of the process allows these options, for a model with or without convolutions of
    /// `f32`.
    ///
    /// # Errors
    ///
    /// `Unsupported`. The source names the environment variable to set.
    pub(crate) fn check(&self, environment: &Environment, convolves: bool) -> Result<()> {
        let (variable, zero) = Environment::FULL_PRECISION;
        let refused = environment.refuses_tf32();
        match self.precision {
            Precision::F32 if convolves && !refused => {
                return Err(Error::unsupported(
                    "this process may compute the model's convolutions in TF32, which the target does not \
                     allow",
                )
                .with_source(format!(
                    "start the process with {variable}={zero}, or use the target option precision=tf32"
                )));
            }
            Precision::Tf32 if refused => {
                return Err(Error::unsupported("TF32 is disabled in this process")
                    .with_source(format!("it was started with {variable}={zero}")));
            }
            _ => {}
        }
        if self.deterministic && !environment.is_reproducible() {
            let (variable, value) = Environment::REPRODUCIBLE;
            return Err(Error::unsupported("runs in this process are not deterministic")
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
