use std::collections::BTreeMap;
use std::time::Duration;

use godwit_backend::{Error, Result};

/// How the CPU backend uses the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CpuOptions {
    /// Threads that compute; `None` takes one for each core the process may use.
    pub threads: Option<usize>,
    /// Runs that take less than this happen on the caller's thread, where a hand-off to a worker and
    /// back would be a large part of them. Zero sends every run to a worker.
    ///
    /// A run on the caller's thread that takes five times as long is abandoned and done again on a worker.
    pub inline_under: Duration,
}

impl Default for CpuOptions {
    fn default() -> Self {
        Self { threads: None, inline_under: Duration::from_micros(200) }
    }
}

/// Reads a target's options: `threads`, how many a run of this graph may use when it is alone.
pub(crate) fn threads(options: &BTreeMap<String, String>, most: usize) -> Result<usize> {
    let mut threads = most;
    for (name, value) in options {
        if name != "threads" {
            return Err(Error::unsupported(format!(
                "the CPU device has no option '{name}': known options: threads"
            )));
        }
        let wanted = value.parse().ok().filter(|wanted| (1..=most).contains(wanted));
        threads = wanted.ok_or_else(|| {
            Error::invalid_argument(format!(
                "the option threads = '{value}' is not a number from 1 to {most}"
            ))
        })?;
    }
    Ok(threads)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str) -> Result<usize> {
        threads(&BTreeMap::from([(name.to_owned(), value.to_owned())]), 4)
    }

    #[test]
    fn options_are_read_or_named() {
        assert_eq!(threads(&BTreeMap::new(), 4).unwrap(), 4);
        assert_eq!(read("threads", "2").unwrap(), 2);
        for value in ["0", "5", "-1", "two", ""] {
            let error = read("threads", value).unwrap_err();
            assert!(error.message().contains("from 1 to 4"), "{error}");
        }
        let error = read("thread", "2").unwrap_err();
        assert!(error.message().contains("known options: threads"), "{error}");
    }
}
