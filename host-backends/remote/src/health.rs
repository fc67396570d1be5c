use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use godwit_backend::{Error, ErrorKind, Result};
use serde::Serialize;

/// Consecutive failures after which no calls are made for a while.
const FAILURES_BEFORE_PAUSE: u32 = 5;

/// The longest pause, unless the service asks for a longer one.
const LONGEST: Duration = Duration::from_secs(30);

/// The longest pause that a service may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(600);

/// The state of a service, by its recent calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Not called yet.
    #[default]
    Unknown,
    /// The last call was answered.
    Healthy,
    /// The last call could not be delivered, or was refused.
    Failing,
    /// No calls are made until the pause is over.
    Paused,
}

/// The health of one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Health {
    /// The state.
    pub state: State,
    /// Failures since the last answer.
    pub failures: u32,
    /// The kind of the last failure.
    pub last: Option<ErrorKind>,
    /// The rest of the pause.
    pub pause: Option<Duration>,
}

#[derive(Debug, Default)]
pub(crate) struct HealthTracker(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    answered: bool,
    failures: u32,
    last: Option<ErrorKind>,
    resume: Option<Instant>,
}

impl HealthTracker {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        // Every change is complete before anything could panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses calls during a pause. After a pause one call is let through, and the others are refused until it
    /// is answered.
    pub(crate) fn admit(&self) -> Result<()> {
        let mut seen = self.seen();
        let Some(resume) = seen.resume else { return Ok(()) };
        if resume > Instant::now() {
            return Err(Error::unavailable(
                "the remote service failed several times: no calls are made for a moment",
            ));
        }
        seen.resume =
            (seen.failures >= FAILURES_BEFORE_PAUSE).then(|| Instant::now() + pause(seen.failures));
        Ok(())
    }

    pub(crate) fn answered(&self) {
        *self.seen() = Seen { answered: true, ..Seen::default() };
    }

    pub(crate) fn failed(&self, kind: ErrorKind, after: Option<Duration>) {
        let mut seen = self.seen();
        seen.failures = seen.failures.saturating_add(1);
        seen.last = Some(kind);
        let own = (seen.failures >= FAILURES_BEFORE_PAUSE).then(|| pause(seen.failures));
        let longest = own.max(after.map(|after| after.min(LONGEST_ASKED)));
        seen.resume = longest.map(|pause| Instant::now() + pause).max(seen.resume);
    }

    pub(crate) fn read(&self) -> Health {
        let seen = self.seen();
        let pause = seen.resume.map(|resume| resume.saturating_duration_since(Instant::now()));
        let pause = pause.filter(|pause| !pause.is_zero());
        let state = match seen {
            _ if pause.is_some() => State::Paused,
            ref seen if seen.failures > 0 => State::Failing,
            ref seen if seen.answered => State::Healthy,
            _ => State::Unknown,
        };
        Health { state, failures: seen.failures, last: seen.last, pause }
    }
}

/// Half a second at first, doubling each time. A random part of it is cut, so that hosts do not come back all
/// at once.
fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(FAILURES_BEFORE_PAUSE).min(10);
    let longest = Duration::from_millis(500).saturating_mul(1 << doublings).min(LONGEST);
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_fails_is_left_alone_until_it_answers() {
        let health = HealthTracker::default();
        assert_eq!(health.read().state, State::Unknown);
        for _ in 0..FAILURES_BEFORE_PAUSE - 1 {
            health.failed(ErrorKind::Unavailable, None);
            assert!(health.admit().is_ok());
        }
        assert_eq!(health.read().state, State::Failing);
        health.failed(ErrorKind::Unavailable, None);
        assert_eq!(health.admit().unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(health.read().state, State::Paused);
        health.answered();
        assert!(health.admit().is_ok());
        assert_eq!(health.read().state, State::Healthy);
    }

    #[test]
    fn a_pause_that_is_asked_for_begins_with_the_first_failure() {
        let health = HealthTracker::default();
        health.failed(ErrorKind::Unavailable, Some(Duration::from_secs(100)));
        assert!(health.admit().is_err());
        health.failed(ErrorKind::Unavailable, Some(Duration::MAX));
        assert!(health.read().pause.unwrap() <= LONGEST_ASKED);
    }

    #[test]
    fn one_call_at_a_time_tries_whether_it_is_back() {
        let health = HealthTracker::default();
        for _ in 0..FAILURES_BEFORE_PAUSE {
            health.failed(ErrorKind::Unavailable, None);
        }
        health.seen().resume = Some(Instant::now());
        assert!(health.admit().is_ok());
        assert!(health.admit().is_err());
    }
}
