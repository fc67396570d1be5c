use std::io::{self, IsTerminal as _};
use std::panic;

use tracing_subscriber::EnvFilter;

/// Logs to standard error: by `RUST_LOG`, or as often as `-v` was given.
pub(crate) fn start(verbose: u8) {
    let by_count = match verbose {
        0 => "error",
        1 => "warn,godwit=info",
        2 => "info,godwit=debug",
        _ => "debug,godwit=trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(by_count));
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .try_init();
    debug_assert!(started.is_ok(), "logging is started once");
    quieten_libraries();
}

/// A panic inside tract is caught where tract is called and becomes the error of that load or run. Its usual
/// lines would alarm whoever reads them, and let an app fill standard error by its inputs.
fn quieten_libraries() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| match info.location() {
        Some(at) if is_caught(at.file()) => tracing::debug!(panic = %info, "a library panicked"),
        _ => usual(info),
    }));
}

/// Whether `file` is a source of a library whose panics are caught.
fn is_caught(file: &str) -> bool {
    file.split(['/', '\\']).any(|part| part.starts_with("tract-") || part.starts_with("ndarray-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_panics_of_libraries_are_quiet() {
        assert!(is_caught("/home/a/registry/src/index/tract-core-0.23.9/src/ops/array/gather.rs"));
        assert!(is_caught(r"C:\registry\ndarray-0.17.2\src\lib.rs"));
        assert!(!is_caught("host-backends/tract/src/read.rs"));
        assert!(!is_caught("runtime/cli/src/main.rs"));
    }
}
