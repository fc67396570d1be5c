use serde::{Deserialize, Serialize};

use crate::Case;
use crate::process::Ended;

/// What became of a case on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As expected.
    Pass,
    /// The guest got an answer, and it is not the one expected; or the host took too much memory.
    Wrong,
    /// The host said that it lacks what the case is about.
    Unsupported,
    /// The host ended the guest, itself in order.
    Trap,
    /// The host itself came to harm: a panic, a signal.
    Crash,
    /// It did not end in time.
    Hang,
}

impl Outcome {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Wrong => "wrong",
            Self::Unsupported => "unsupported",
            Self::Trap => "trap",
            Self::Crash => "crash",
            Self::Hang => "hang",
        }
    }

    /// Classifies, with one line that says why.
    pub(crate) fn of(case: &Case, ended: &Ended) -> (Self, String) {
        let Some(status) = ended.status else {
            let why = if ended.took_too_much { "held too much memory" } else { "did not end" };
            let why = format!("{why}; ended after {:.0} s", ended.took.as_secs_f64());
            return (if ended.took_too_much { Self::Crash } else { Self::Hang }, why);
        };
        // Guests replace the message of a panic: this one is the host's.
        if let Some(why) = panic_of(&ended.stderr) {
            return (Self::Crash, why);
        }
        if let Some(signal) = signal(status) {
            return (Self::Crash, format!("ended by signal {signal}"));
        }
        if let (Some(limit), Some(peak)) = (case.memory_mib, ended.peak_mib)
            && peak > limit
        {
            return (Self::Wrong, format!("held {peak} MiB, more than {limit}"));
        }
        let lines: Vec<&str> = ended.stdout.lines().collect();
        match lines.as_slice() {
            [first, .., line] if first.starts_with("case ") => {
                if line.starts_with("unsupported: ") {
                    (Self::Unsupported, (*line).to_owned())
                } else if case.expects(line) && status.success() {
                    (Self::Pass, (*line).to_owned())
                } else {
                    (Self::Wrong, (*line).to_owned())
                }
            }
            [first] if first.starts_with("case ") => {
                let outcome = if case.trap { Self::Pass } else { Self::Trap };
                (outcome, reason(&ended.stderr))
            }
            _ => (Self::Unsupported, format!("the guest did not start: {}", reason(&ended.stderr))),
        }
    }
}

/// The message of a panic in a Rust program, with where it was.
fn panic_of(stderr: &str) -> Option<String> {
    let mut lines = stderr.lines().skip_while(|line| !line.contains("panicked at"));
    let place = lines.next()?;
    let (_, place) = place.split_once("panicked at")?;
    // A path ends in what it is in the source.
    let place = place.trim().trim_end_matches(':');
    let place = place.rsplit_once("/src/").map_or(place, |(_, end)| end);
    let why = lines.next().unwrap_or_default();
    Some(format!("panic at {place}: {}", why.trim()))
}

/// The line that begins with `why:`, or else the last that says more than where; hosts put the cause there.
fn reason(stderr: &str) -> String {
    if let Some(why) = stderr.lines().find_map(|line| line.trim().strip_prefix("why:")) {
        return why.trim().chars().take(200).collect();
    }
    let says = |line: &&str| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with("note:") && !line.starts_with("at ")
    };
    let line = stderr.lines().rev().find(says).unwrap_or("no message").trim();
    line.chars().take(200).collect()
}

#[cfg(unix)]
fn signal(status: std::process::ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: std::process::ExitStatus) -> Option<i32> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::time::Duration;

    use super::*;

    /// What a host is said to have done that ran this.
    fn judged(script: &str, adjust: fn(&mut Case)) -> (Outcome, String) {
        let mut case = crate::cases().unwrap().remove(0);
        case.expect = vec!["ok".into(), "refused: *".into()];
        adjust(&mut case);
        let words = ["sh", "-c", script].map(str::to_owned);
        Outcome::of(&case, &crate::process::run(&words, Duration::from_secs(2)).unwrap())
    }

    #[test]
    fn each_end_is_told_from_the_others() {
        for (script, outcome, part) in [
            ("echo case x; echo ok", Outcome::Pass, "ok"),
            ("echo case x; echo refused: timeout", Outcome::Pass, "timeout"),
            ("echo case x; echo ok; exit 1", Outcome::Wrong, "ok"),
            ("echo case x; echo 'wrong: 2 for 3'; exit 1", Outcome::Wrong, "2 for 3"),
            ("echo case x; echo unsupported: f64", Outcome::Unsupported, "f64"),
            ("echo case x; echo 'wasm trap: gone' >&2; exit 134", Outcome::Trap, "gone"),
            ("echo 'no such option' >&2; exit 2", Outcome::Unsupported, "did not start: no such"),
            (
                "echo ' why: no bf16' >&2; echo ' help: wait' >&2; exit 67",
                Outcome::Unsupported,
                "no bf16",
            ),
            ("echo case x; kill -SEGV $$", Outcome::Crash, "signal 11"),
            (
                "echo case x; printf \"thread 'main' panicked at /a/src/b.rs:1:2:\\nsad\\n\" >&2; exit 101",
                Outcome::Crash,
                "panic at b.rs:1:2: sad",
            ),
            ("echo case x; sleep 60", Outcome::Hang, "did not end"),
        ] {
            let (found, why) = judged(script, |_| ());
            assert_eq!(found, outcome, "{script}: {why}");
            assert!(why.contains(part), "{script}: {why}");
        }
    }

    #[test]
    fn a_case_may_allow_a_trap_and_bound_memory() {
        let trap = "echo case x; exit 134";
        assert_eq!(judged(trap, |case| case.trap = true).0, Outcome::Pass);
        let held = "echo case x; sleep 0.1; echo ok";
        let (outcome, why) = judged(held, |case| case.memory_mib = Some(0));
        assert_eq!(outcome, Outcome::Wrong, "{why}");
    }
}
