//! What a model that ended a process is answered, for a while.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use godwit_backend::{Error, Result};

use super::link::{End, Work};
use crate::lock::lock;

/// How long a model is refused after it has ended a process for the first time; twice as long after each further
/// time, up to the most.
const FIRST: Duration = Duration::from_secs(10);
const MOST: Duration = Duration::from_secs(600);

/// Runs of one tenant that may end a process before the tenant is refused the model.
const FORGIVEN: u32 = 2;

/// A process that ended within this is started again after a pause.
const RECENT: Duration = Duration::from_secs(60);
/// Milliseconds before the next start, by the number of processes that ended recently.
const PAUSES: [u64; 6] = [0, 0, 0, 100, 1000, 5000];

/// Who has ended processes of one worker.
#[derive(Debug, Default)]
pub(super) struct Blame {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    by: BTreeMap<Work, Times>,
    crashes: Vec<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Times {
    count: u32,
    last: Instant,
}

impl Times {
    /// How long it is refused after the last time: a load fails by its model alone, a run by what one tenant
    /// gave it.
    fn refusal(&self, work: Work) -> Duration {
        let beyond = match work.tenant {
            None => self.count,
            Some(_) => self.count.saturating_sub(FORGIVEN),
        };
        let doublings = beyond.saturating_sub(1).min(10);
        if beyond == 0 { Duration::ZERO } else { (FIRST * 2u32.pow(doublings)).min(MOST) }
    }
}

impl Blame {
    /// A process has ended.
    pub(super) fn record(&self, end: &End) {
        if !end.is_crash {
            return;
        }
        let mut state = lock(&self.state);
        let now = Instant::now();
        state.crashes.retain(|crash| now.duration_since(*crash) < RECENT);
        state.crashes.push(now);
        state.by.retain(|_, times| now.duration_since(times.last) < MOST);
        if let Some(work) = end.culprit {
            let times = state.by.entry(work).or_insert(Times { count: 0, last: now });
            *times = Times { count: times.count.saturating_add(1), last: now };
        }
    }

    /// Refuses what has ended a process not long ago.
    ///
    /// # Errors
    ///
    /// `Denied`, with the time after which it may be tried again.
    pub(super) fn check(&self, work: Work) -> Result<()> {
        let state = lock(&self.state);
        let Some(times) = state.by.get(&work) else { return Ok(()) };
        let left = times.refusal(work).saturating_sub(times.last.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        let seconds = left.as_secs() + 1;
        Err(Error::denied(format!(
            "this model has ended the process that drives the device; it is refused for {seconds} s"
        )))
    }

    /// How long to wait before the next start.
    pub(super) fn pause(&self) -> Duration {
        let state = lock(&self.state);
        let recent = state.crashes.iter().filter(|crash| crash.elapsed() < RECENT).count();
        let pause = PAUSES.get(recent).or(PAUSES.last()).copied().unwrap_or_default();
        Duration::from_millis(pause)
    }
}

#[cfg(test)]
mod tests {
    use godwit_backend::Digest;

    use super::*;

    fn crash(tenant: Option<u64>) -> End {
        let work = Work { model: Digest::of(b"model"), tenant };
        End { how: "so".to_owned(), culprit: Some(work), is_crash: true }
    }

    #[test]
    fn a_load_that_ends_a_process_is_refused_for_a_while() {
        let blame = Blame::default();
        let end = crash(None);
        blame.record(&End { is_crash: false, ..end.clone() });
        blame.check(end.culprit.unwrap()).unwrap();
        blame.record(&end);
        let error = blame.check(end.culprit.unwrap()).unwrap_err();
        assert!(error.message().ends_with("it is refused for 10 s"), "{error}");
        blame.record(&end);
        let error = blame.check(end.culprit.unwrap()).unwrap_err();
        assert!(error.message().ends_with("it is refused for 20 s"), "{error}");
    }

    #[test]
    fn one_input_that_ends_a_process_blames_its_tenant_after_a_few_times_and_nobody_else() {
        let blame = Blame::default();
        let (end, other) = (crash(Some(1)), crash(Some(2)));
        for _ in 0..FORGIVEN {
            blame.record(&end);
            blame.check(end.culprit.unwrap()).unwrap();
        }
        blame.record(&end);
        assert!(blame.check(end.culprit.unwrap()).is_err());
        blame.check(other.culprit.unwrap()).unwrap();
        blame.check(crash(None).culprit.unwrap()).unwrap();
    }

    #[test]
    fn what_ends_again_and_again_is_started_with_pauses() {
        let blame = Blame::default();
        let pauses: Vec<u128> = (0..8)
            .map(|_| {
                let pause = blame.pause().as_millis();
                blame.record(&crash(None));
                pause
            })
            .collect();
        assert_eq!(pauses, [0, 0, 0, 100, 1000, 5000, 5000, 5000]);
    }
}
