use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use godwit_backend::{Error, Result, Wall, known, one_of};

/// How the ONNX Runtime backend uses the machine.
///
/// `threads`, `spinning` and `arena_limit` are settled once a process, by whoever opens the library first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrtOptions {
    /// Threads that compute, shared by all graphs; `None` takes one for each core the process may use.
    pub threads: Option<usize>,
    /// Whether threads without work spin for a while before they sleep: a little faster for runs that
    /// follow each other closely, at the price of the cores they spin on.
    pub spinning: bool,
    /// Bytes that all runs of the process together may hold for intermediate and unforeseen tensors;
    /// `None` takes half of the machine's memory.
    pub arena_limit: Option<usize>,
    /// Runs that take less than this happen on the caller's thread, where a hand-off to a worker and
    /// back would be a large part of them. Zero sends every run to a worker.
    pub inline_under: Duration,
    /// How long a model may take to load; `None` for as long as it likes.
    pub load_deadline: Option<Duration>,
    /// What stands between the library and others.
    pub wall: Wall,
}

impl Default for OrtOptions {
    fn default() -> Self {
        Self {
            threads: None,
            spinning: false,
            arena_limit: None,
            inline_under: Duration::from_micros(200),
            load_deadline: Some(Duration::from_secs(300)),
            wall: Wall::default(),
        }
    }
}

/// What a target asks of the library's graph optimiser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Optimization {
    Off,
    Basic,
    Extended,
    All,
}

/// A target's options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetOptions {
    /// Threads of the graph's own, or the process's.
    pub(crate) threads: Option<usize>,
    pub(crate) optimization: Optimization,
    /// Whether nodes that the device lacks may run on the processor.
    pub(crate) fallback: bool,
    /// The folder that holds the weights which the model keeps outside its file.
    pub(crate) external_data: Option<PathBuf>,
}

impl Default for TargetOptions {
    fn default() -> Self {
        Self {
            threads: None,
            optimization: Optimization::All,
            fallback: false,
            external_data: None,
        }
    }
}

const OPTIONS: [&str; 4] = ["threads", "optimization", "fallback", "external_data"];
const OPTIMIZATIONS: [(&str, Optimization); 4] = [
    ("off", Optimization::Off),
    ("basic", Optimization::Basic),
    ("extended", Optimization::Extended),
    ("all", Optimization::All),
];
const FALLBACKS: [(&str, bool); 2] = [("refused", false), ("allowed", true)];

impl TargetOptions {
    /// Reads `options`, where `most` is how many threads there are.
    pub(crate) fn read(options: &BTreeMap<String, String>, most: usize) -> Result<Self> {
        let mut read = Self::default();
        for (name, value) in options {
            match name.as_str() {
                "threads" => read.threads = Some(threads(value, most)?),
                "optimization" => read.optimization = one_of(name, value, &OPTIMIZATIONS)?,
                "fallback" => read.fallback = one_of(name, value, &FALLBACKS)?,
                "external_data" => read.external_data = Some(PathBuf::from(value)),
                _ => {
                    return Err(Error::unsupported(format!(
                        "ONNX Runtime's devices have no option '{name}': {}",
                        known("options", name, OPTIONS)
                    )));
                }
            }
        }
        Ok(read)
    }
}

fn threads(value: &str, most: usize) -> Result<usize> {
    let wanted = value.parse().ok().filter(|wanted| (1..=most).contains(wanted));
    wanted.ok_or_else(|| {
        Error::invalid_argument(format!(
            "the option threads = '{value}' is not a number from 1 to {most}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use godwit_backend::ErrorKind;

    use super::*;

    fn read(name: &str, value: &str) -> Result<TargetOptions> {
        TargetOptions::read(&BTreeMap::from([(name.to_owned(), value.to_owned())]), 4)
    }

    #[test]
    fn options_are_read_or_named() {
        assert_eq!(read("threads", "4").unwrap().threads, Some(4));
        assert_eq!(read("optimization", "basic").unwrap().optimization, Optimization::Basic);
        assert!(read("fallback", "allowed").unwrap().fallback);
        assert!(!read("fallback", "refused").unwrap().fallback);
        for value in ["0", "5", "-1", "two", ""] {
            let error = read("threads", value).unwrap_err();
            assert!(error.message().contains("from 1 to 4"), "{error}");
        }
        let error = read("thread", "2").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("did you mean 'threads'?"), "{error}");
        let error = read("optimization", "bsic").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains("did you mean 'basic'?"), "{error}");
    }
}
