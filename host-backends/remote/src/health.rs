use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use godwit_backend::{Error, ErrorKind, Result};
use serde::Serialize;

/// Failures in a row after which a service is left alone for a while.
const PATIENCE: u32 = 5;

/// The longest it is left alone unless it asks for more.
const LONGEST: Duration = Duration::from_secs(30);

/// The longest a service may ask to be left alone.
const LONGEST_ASKED: Duration = Duration::from_secs(600);

/// What recent calls tell about a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It was not called yet.
    #[default]
    Unknown,
    /// The last call was answered.
    Healthy,
    /// The last call could not be delivered, or was turned away.
    Failing,
    /// It is left alone until the pause is over.
    Paused,
}

/// The health of one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Health {
    /// What recent calls tell.
    pub state: State,
    /// Failures since the last answer.
    pub failures: u32,
    /// What the last of them was.
    pub last: Option<ErrorKind>,
    /// What is left of the pause.
    pub pause: Option<Duration>,
}

#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    answered: bool,
    failures: u32,
    last: Option<ErrorKind>,
    resume: Option<Instant>,
}

impl Watch {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        // Every change is complete before anything could panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses while the service is left alone. The first call after a pause is let through alone: the
    /// pause begins anew until it is answered.
    pub(crate) fn admit(&self) -> Result<()> {
        let mut seen = self.seen();
        let Some(resume) = seen.resume else { return Ok(()) };
        if resume > Instant::now() {
            return Err(Error::unavailable("the remote service is left alone for a moment"));
        }
        seen.resume = (seen.failures >= PATIENCE).then(|| Instant::now() + pause(seen.failures));
        Ok(())
    }

    pub(crate) fn answered(&self) {
        *self.seen() = Seen { answered: true, ..Seen::default() };
    }

    pub(crate) fn failed(&self, kind: ErrorKind, after: Option<Duration>) {
        let mut seen = self.seen();
        seen.failures = seen.failures.saturating_add(1);
        seen.last = Some(kind);
        let own = (seen.failures >= PATIENCE).then(|| pause(seen.failures));
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

/// Half a second at first, twice as long each time, shortened by chance so that hosts do not come back
/// all at once.
fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(PATIENCE).min(10);
    let longest = Duration::from_millis(500).saturating_mul(1 << doublings).min(LONGEST);
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_fails_is_left_alone_until_it_answers() {
        let watch = Watch::default();
        assert_eq!(watch.read().state, State::Unknown);
        for _ in 0..PATIENCE - 1 {
            watch.failed(ErrorKind::Unavailable, None);
            assert!(watch.admit().is_ok());
        }
        assert_eq!(watch.read().state, State::Failing);
        watch.failed(ErrorKind::Unavailable, None);
        assert_eq!(watch.admit().unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(watch.read().state, State::Paused);
        watch.answered();
        assert!(watch.admit().is_ok());
        assert_eq!(watch.read().state, State::Healthy);
    }

    #[test]
    fn a_pause_that_is_asked_for_begins_with_the_first_failure() {
        let watch = Watch::default();
        watch.failed(ErrorKind::Unavailable, Some(Duration::from_secs(100)));
        assert!(watch.admit().is_err());
        watch.failed(ErrorKind::Unavailable, Some(Duration::MAX));
        assert!(watch.read().pause.unwrap() <= LONGEST_ASKED);
    }

    #[test]
    fn one_call_at_a_time_tries_whether_it_is_back() {
        let watch = Watch::default();
        for _ in 0..PATIENCE {
            watch.failed(ErrorKind::Unavailable, None);
        }
        watch.seen().resume = Some(Instant::now());
        assert!(watch.admit().is_ok());
        assert!(watch.admit().is_err());
    }
}
