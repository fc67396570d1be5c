use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use smallvec::SmallVec;

use crate::Tensor;

/// Slow runs in a row after which runs of that size leave the caller's thread.
const SLOW: u32 = 3;

/// Short runs in a row, on a worker, that win back what an overrun lost.
const FORGIVEN: u32 = 32;

/// How many times its share a run on the caller's thread may take before it counts as an overrun.
const OVERRUN: u32 = 5;

/// The dimensions of all inputs, one after another.
type Dims = SmallVec<[usize; 8]>;

/// How long the runs of a graph take, shared by its contexts: whether they are short enough for the
/// caller's thread, where there is no hand-off to a worker and back.
///
/// Fit for graphs whose work follows from the dimensions of their inputs. One whose work depends on what
/// its tensors hold cannot be told beforehand and belongs on a worker.
#[derive(Debug, Clone)]
pub struct Pacing {
    short: Duration,
    within: Arc<Mutex<Option<Dims>>>,
}

impl Pacing {
    /// Runs under `short` are short. With a `short` of zero none are.
    pub fn new(short: Duration) -> Self {
        Self { short, within: Arc::default() }
    }

    /// The pace of a new context, which begins with what the others have learnt.
    pub fn pace(&self) -> Pace {
        let within = self.within.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Pace {
            graph: self.clone(),
            within,
            last: Duration::ZERO,
            slow_in_a_row: 0,
            short_in_a_row: 0,
            needed: 1,
        }
    }
}

/// Whether one context's next run is short, learnt from those that were measured.
///
/// A run is short when none of its inputs' dimensions is larger than in one that was.
#[derive(Debug, Clone)]
pub struct Pace {
    graph: Pacing,
    within: Option<Dims>,
    last: Duration,
    slow_in_a_row: u32,
    short_in_a_row: u32,
    /// Short runs in a row that it takes to be believed.
    needed: u32,
}

fn dims(inputs: &[Tensor]) -> impl Iterator<Item = &usize> {
    inputs.iter().flat_map(|input| input.shape().iter())
}

fn fits(inputs: &[Tensor], most: &Dims) -> bool {
    let mut most = most.iter();
    dims(inputs).all(|size| most.next().is_some_and(|most| size <= most)) && most.next().is_none()
}

impl Pace {
    /// Whether a run on `inputs` belongs on the caller's thread.
    pub fn is_short(&self, inputs: &[Tensor]) -> bool {
        self.within.as_ref().is_some_and(|most| fits(inputs, most))
    }

    /// How long a run on the caller's thread may take before it is to be abandoned, by a library that
    /// lets it be.
    pub fn budget(&self) -> Duration {
        self.graph.short.saturating_mul(OVERRUN)
    }

    /// What the last run took; zero before the first.
    pub fn last(&self) -> Duration {
        self.last
    }

    /// A run on `inputs` took `elapsed`.
    pub fn record(&mut self, inputs: &[Tensor], elapsed: Duration) {
        self.last = elapsed;
        let here = self.is_short(inputs);
        if elapsed < self.graph.short {
            self.slow_in_a_row = 0;
            if here {
                return;
            }
            self.short_in_a_row = self.short_in_a_row.saturating_add(1);
            if self.short_in_a_row >= self.needed {
                self.needed = 1;
                self.learn(Some(dims(inputs).copied().collect()));
            }
            return;
        }
        self.short_in_a_row = 0;
        if !here {
            return;
        }
        // One slow run may be the scheduler's doing.
        self.slow_in_a_row += 1;
        if self.slow_in_a_row >= SLOW {
            self.forget(elapsed >= self.budget());
        }
    }

    /// A run on the caller's thread was abandoned.
    pub fn overran(&mut self) {
        self.short_in_a_row = 0;
        self.forget(true);
    }

    fn forget(&mut self, overrun: bool) {
        self.slow_in_a_row = 0;
        self.needed = if overrun { FORGIVEN } else { 1 };
        self.learn(None);
    }

    fn learn(&mut self, within: Option<Dims>) {
        self.graph.within.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&within);
        self.within = within;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_micros(10);
    const SLUGGISH: Duration = Duration::from_micros(300);
    const LONG: Duration = Duration::from_millis(10);

    fn pacing() -> Pacing {
        Pacing::new(Duration::from_micros(200))
    }

    fn of(rows: usize, columns: usize) -> [Tensor; 1] {
        [Tensor::from_values([rows, columns], &vec![0u8; rows * columns]).unwrap()]
    }

    #[test]
    fn nothing_is_short_until_measured() {
        let pacing = pacing();
        let mut pace = pacing.pace();
        assert!(!pace.is_short(&of(0, 0)));
        pace.record(&of(10, 20), QUICK);
        assert!(pace.is_short(&of(10, 20)) && pace.is_short(&of(1, 20)));
        assert!(!pace.is_short(&of(20, 10)), "as many bytes, but another size");
        assert!(pacing.pace().is_short(&of(10, 20)), "another context knows it too");
    }

    #[test]
    fn one_slow_run_is_forgiven_and_three_are_not() {
        let mut pace = pacing().pace();
        pace.record(&of(2, 2), QUICK);
        for elapsed in [SLUGGISH, SLUGGISH, QUICK, SLUGGISH, SLUGGISH] {
            pace.record(&of(2, 2), elapsed);
        }
        assert!(pace.is_short(&of(2, 2)));
        pace.record(&of(2, 2), SLUGGISH);
        assert!(!pace.is_short(&of(2, 2)));
        pace.record(&of(2, 2), QUICK);
        assert!(pace.is_short(&of(2, 2)));
    }

    #[test]
    fn an_overrun_is_remembered_for_long() {
        let slow = |pace: &mut Pace| (0..SLOW).for_each(|_| pace.record(&of(2, 2), LONG));
        for lose in [slow, Pace::overran] {
            let mut pace = pacing().pace();
            pace.record(&of(2, 2), QUICK);
            lose(&mut pace);
            for _ in 1..FORGIVEN {
                pace.record(&of(2, 2), QUICK);
            }
            assert!(!pace.is_short(&of(2, 2)));
            pace.record(&of(2, 2), QUICK);
            assert!(pace.is_short(&of(2, 2)));
        }
    }

    #[test]
    fn a_threshold_of_zero_finds_nothing_short() {
        let mut pace = Pacing::new(Duration::ZERO).pace();
        pace.record(&of(0, 0), Duration::ZERO);
        assert!(!pace.is_short(&of(0, 0)));
    }
}
