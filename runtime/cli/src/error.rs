use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use godwit_model::text::shown;
use godwit_platform::{PlatformError, PlatformErrorKind};

/// What `godwit` itself ends with. A guest's own code is passed on as it is, so these keep clear of
/// the small numbers programs use, and follow `sysexits.h`, `timeout(1)` and the shell where they can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    Usage = 2,
    Program = 65,
    File = 66,
    Model = 67,
    Device = 69,
    Internal = 70,
    Config = 78,
    TimedOut = 124,
    Cancelled = 130,
    Trapped = 134,
}

/// The section of `godwit --help` that documents [`Code`].
pub(crate) const EXIT_CODES: &str = "  0    the app succeeded, or the command completed
  N    the app exited with its own code N
  2    the command line is invalid
  65   the app is corrupt, or imports something this host does not provide
  66   a file or folder is missing, or cannot be read or written
  67   a model is unknown, corrupt, or cannot be loaded
  69   a device is unknown or unavailable, or an engine cannot be installed
  70   an internal error in godwit
  78   the configuration file is invalid
  124  the app, or compiling or loading for it, exceeded its time limit
  130  cancelled by Ctrl-C
  134  the app trapped";

/// Why a command ends: what happened, the reason, and what to type next.
#[derive(Debug)]
pub(crate) struct CliError {
    code: Code,
    what: String,
    why: Vec<String>,
    help: Vec<String>,
}

pub(crate) type Result<T, E = CliError> = std::result::Result<T, E>;

impl CliError {
    pub(crate) fn new(code: Code, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), why: Vec::new(), help: Vec::new() }
    }

    pub(crate) fn why(mut self, why: impl Into<String>) -> Self {
        self.why.push(why.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    pub(crate) fn code(&self) -> u8 {
        self.code as u8
    }

    /// Whether a deadline has passed.
    pub(crate) fn is_late(&self) -> bool {
        self.code == Code::TimedOut
    }

    /// As it is printed; the styles are stripped again where the stream is not a terminal.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        part(&mut text, AnsiColor::Red.on_default().bold(), "error", &self.what);
        for why in &self.why {
            part(&mut text, Style::new().bold(), "why", why);
        }
        for help in &self.help {
            part(&mut text, AnsiColor::Green.on_default().bold(), "help", help);
        }
        text
    }
}

/// Lines of one part; a library may have any number.
const LINES: usize = 100;

fn part(text: &mut String, style: Style, label: &str, body: &str) {
    for (index, line) in body.lines().take(LINES).map(shown).enumerate() {
        // Writing to a string cannot fail.
        let _ = match index {
            0 => writeln!(text, "{style}{label:>5}{style:#}: {line}"),
            _ => writeln!(text, "       {line}"),
        };
    }
}

impl From<PlatformError> for CliError {
    fn from(error: PlatformError) -> Self {
        let code = match error.kind {
            PlatformErrorKind::Request => Code::Usage,
            PlatformErrorKind::File => Code::File,
            PlatformErrorKind::Model => Code::Model,
            PlatformErrorKind::Device => Code::Device,
            PlatformErrorKind::Config => Code::Config,
            _ => Code::Internal,
        };
        Self { code, what: error.message, why: error.why, help: error.help }
    }
}
