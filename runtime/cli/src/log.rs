use std::io::{self, IsTerminal as _};

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
}
