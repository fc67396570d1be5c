//! When a command has to have ended, whatever is in the way.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{CliError, Code};
use crate::print;

/// What an end in good order may take. It is longer than any wait for a lock or a thread, and short enough that nobody
/// takes the command for one without a deadline.
const GRACE: Duration = Duration::from_secs(1);

/// The time that a command has from its start to its end. Dropping it ends the watch.
#[derive(Debug)]
pub(crate) struct Deadline {
    begun: Instant,
    after: Option<Duration>,
    /// A thread ends the process when this command misses its deadline: a library may block every other one.
    _watch: Option<Sender<()>>,
}

impl Deadline {
    /// Begins now. `after` is the value of `--timeout`, if it was given.
    pub(crate) fn begin(after: Option<Duration>) -> Self {
        Self { begun: Instant::now(), after, _watch: after.and_then(watch) }
    }

    /// What is left.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.after.map(|after| after.saturating_sub(self.begun.elapsed()))
    }

    pub(crate) fn is_over(&self) -> bool {
        self.left() == Some(Duration::ZERO)
    }

    /// What a part of the command has: `own`, which `option` sets, or what is left if that is less.
    pub(crate) fn part(&self, option: &'static str, own: Duration) -> Part {
        match (self.left(), self.after) {
            (Some(left), Some(after)) if left < own => {
                Part { time: left, option: "--timeout", set: after }
            }
            _ => Part { time: own, option, set: own },
        }
    }
}

/// The time of a part of a command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) time: Duration,
    option: &'static str,
    set: Duration,
}

impl Part {
    /// The error of a part that took too long.
    pub(crate) fn missed(&self, what: String) -> CliError {
        let Self { option, set, .. } = self;
        let time = |time| humantime::format_duration(time);
        CliError::new(Code::TimedOut, what)
            .why(format!("it exceeded {option}, which is {}", time(*set)))
            .help(format!("allow more time: {option} {}", time(*set * 4)))
    }
}

fn watch(after: Duration) -> Option<Sender<()>> {
    let (watched, is_over) = mpsc::channel();
    let wait = move || {
        if is_over.recv_timeout(after.saturating_add(GRACE)) == Err(RecvTimeoutError::Timeout) {
            let error = CliError::new(
                Code::TimedOut,
                format!("stopped after {}", humantime::format_duration(after)),
            );
            let error = error.why("it exceeded --timeout, and could not be ended in good order");
            print::error(&error);
            end(error.code());
        }
    };
    thread::Builder::new().name("deadline".to_owned()).spawn(wait).ok().map(|_| watched)
}

/// Ends the process without what libraries do at its end: one of them is what is in the way.
#[cfg(unix)]
fn end(code: u8) -> ! {
    #[allow(
        unsafe_code,
        reason = "the standard library has no way to end a process at once with a code"
    )]
    mod system {
        unsafe extern "C" {
            pub(super) safe fn _exit(status: std::ffi::c_int) -> !;
        }
    }
    system::_exit(code.into())
}

#[cfg(not(unix))]
fn end(code: u8) -> ! {
    std::process::exit(code.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_time_binds_and_is_named() {
        let (short, long) = (Duration::from_secs(1), Duration::from_secs(100));
        let missed = |deadline: &Deadline, own| {
            deadline.part("--load-timeout", own).missed("late".to_owned()).render()
        };
        let none = Deadline::begin(None);
        assert!(missed(&none, short).contains("--load-timeout, which is 1s"));
        let some = Deadline::begin(Some(long));
        assert!(missed(&some, short).contains("--load-timeout, which is 1s"));
        let text = missed(&some, long * 2);
        assert!(text.contains("--timeout, which is 1m 40s") && !text.contains("load"), "{text}");
    }
}
