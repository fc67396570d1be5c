use std::io::{self, IsTerminal as _, Write};
use std::panic;

use godwit_model::text::is_hidden;
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
        .with_writer(Lines::default)
        .with_ansi(io::stderr().is_terminal())
        .try_init();
    debug_assert!(started.is_ok(), "logging is started once");
    quieten_libraries();
}

/// Standard error, one line an event: what libraries, models and servers are quoted with begins no line of its own.
#[derive(Default)]
struct Lines(Vec<u8>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let event = String::from_utf8_lossy(&self.0);
        let line = quote(event.trim_end_matches('\n'), io::stderr().is_terminal());
        // A failure to write can be told to nobody.
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }
}

/// The longest event, in characters.
const LONGEST: usize = 16_000;

/// An event on one line. The subscriber colours its own words for a terminal, and escapes colours in those of others.
fn quote(event: &str, coloured: bool) -> String {
    let end = event.char_indices().nth(LONGEST).map(|(at, _)| at);
    let mut rest = end.and_then(|end| event.get(..end)).unwrap_or(event);
    let mut line = String::with_capacity(rest.len() + 1);
    while let Some(at) = rest.find(is_hidden) {
        let (before, from) = rest.split_at(at);
        line.push_str(before);
        let length = match colour(from).filter(|_| coloured) {
            Some(length) => {
                line.push_str(from.get(..length).unwrap_or_default());
                length
            }
            None => {
                let hidden = from.chars().next().unwrap_or_default();
                line.extend(hidden.escape_default());
                hidden.len_utf8()
            }
        };
        rest = from.get(length..).unwrap_or_default();
    }
    line.push_str(rest);
    line.push_str(if end.is_some() { "…\n" } else { "\n" });
    line
}

/// The length of the command that sets a colour, if `text` begins with one.
fn colour(text: &str) -> Option<usize> {
    let numbers = text.strip_prefix("\x1b[")?;
    let end = numbers.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    numbers.get(end..)?.starts_with('m').then_some(2 + end + 1)
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
    fn an_event_is_a_line() {
        let event = "\u{1b}[32mINFO\u{1b}[0m a\nERROR b\u{1b}]52;c;eA==\u{7}\u{202e}\u{1b}[2J";
        let quoted = "INFO a\\nERROR b\\u{1b}]52;c;eA==\\u{7}\\u{202e}\\u{1b}[2J\n";
        let coloured = quote(event, true);
        assert_eq!(coloured.replace("\u{1b}[32m", "").replace("\u{1b}[0m", ""), quoted);
        assert!(!quote(event, false).trim_end().contains(is_hidden));
        assert_eq!(quote("größe", true), "größe\n");
        assert_eq!(quote(&"ß".repeat(1 << 20), true).chars().count(), LONGEST + 2);
    }

    #[test]
    fn only_the_panics_of_libraries_are_quiet() {
        assert!(is_caught("/home/a/registry/src/index/tract-core-0.23.9/src/ops/array/gather.rs"));
        assert!(is_caught(r"C:\registry\ndarray-0.17.2\src\lib.rs"));
        assert!(!is_caught("host-backends/tract/src/read.rs"));
        assert!(!is_caught("runtime/cli/src/main.rs"));
    }
}
