use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use smallvec::SmallVec;

use crate::{Inputs, Tensor};

/// Slow runs in a row after which runs of that size leave the caller's thread.
const SLOW: u32 = 3;

/// Short runs in a row, on a worker, that win back what an overrun lost.
const FORGIVEN: u32 = 32;

/// How many times its share a run on the caller's thread may take before it counts as an overrun.
const OVERRUN: u32 = 5;

/// The dimensions of all inputs, one after another.
type Dims = SmallVec<[usize; 8]>;

/// Which runs of a graph are computed on the caller's thread, where there is no hand-off to a worker and back:
/// those that are expected to be short. Shared by the graph's contexts.
///
/// Only where the work is determined by the inputs' shapes can it be told beforehand. A run whose work depends on
/// what its tensors hold belongs on a worker, and so does one whose inputs have to be brought to the host.
#[derive(Debug, Clone)]
pub struct InlinePolicy {
    under: Duration,
    shape_determined: bool,
    within: Arc<Mutex<Option<Dims>>>,
}

impl InlinePolicy {
    /// Runs expected to take less than `under` are inline, if the graph is `shape_determined`. With zero none are.
    pub fn new(under: Duration, shape_determined: bool) -> Self {
        Self { under, shape_determined, within: Arc::default() }
    }

    /// The estimate of a new context, which begins with what the others have learnt.
    pub fn estimate(&self) -> InlineEstimate {
        let within = self.within.lock().unwrap_or_else(PoisonError::into_inner).clone();
        InlineEstimate {
            policy: self.clone(),
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
/// A run is expected to be short when none of its inputs' dimensions is larger than in one that was.
#[derive(Debug, Clone)]
pub struct InlineEstimate {
    policy: InlinePolicy,
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

impl InlineEstimate {
    /// Whether a run on `inputs` belongs on the caller's thread.
    pub fn runs_inline(&self, inputs: &Inputs) -> bool {
        self.policy.shape_determined && self.is_short(inputs) && inputs.are_on_host()
    }

    fn is_short(&self, inputs: &[Tensor]) -> bool {
        self.within.as_ref().is_some_and(|most| fits(inputs, most))
    }

    /// How long a run on the caller's thread may take before it is to be abandoned, by a library that
    /// lets it be.
    pub fn budget(&self) -> Duration {
        self.policy.under.saturating_mul(OVERRUN)
    }

    /// What the last run took; zero before the first.
    pub fn last(&self) -> Duration {
        self.last
    }

    /// A run on `inputs` took `elapsed`.
    pub fn record(&mut self, inputs: &[Tensor], elapsed: Duration) {
        self.last = elapsed;
        if !self.policy.shape_determined {
            return;
        }
        let inline = self.is_short(inputs);
        if elapsed < self.policy.under {
            self.slow_in_a_row = 0;
            if inline {
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
        if !inline {
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
        self.policy.within.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&within);
        self.within = within;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_micros(10);
    const SLUGGISH: Duration = Duration::from_micros(300);
    const LONG: Duration = Duration::from_millis(10);

    fn policy() -> InlinePolicy {
        InlinePolicy::new(Duration::from_micros(200), true)
    }

    fn of(rows: usize, columns: usize) -> Inputs {
        let tensor = Tensor::from_values([rows, columns], &vec![0u8; rows * columns]).unwrap();
        Inputs::checked([tensor].into_iter().collect())
    }

    #[test]
    fn nothing_is_short_until_measured() {
        let policy = policy();
        let mut estimate = policy.estimate();
        assert!(!estimate.runs_inline(&of(0, 0)));
        estimate.record(&of(10, 20), QUICK);
        assert!(estimate.runs_inline(&of(10, 20)) && estimate.runs_inline(&of(1, 20)));
        assert!(!estimate.runs_inline(&of(20, 10)), "as many bytes, but another size");
        assert!(policy.estimate().runs_inline(&of(10, 20)), "another context knows it too");
    }

    #[test]
    fn one_slow_run_is_forgiven_and_three_are_not() {
        let mut estimate = policy().estimate();
        estimate.record(&of(2, 2), QUICK);
        for elapsed in [SLUGGISH, SLUGGISH, QUICK, SLUGGISH, SLUGGISH] {
            estimate.record(&of(2, 2), elapsed);
        }
        assert!(estimate.runs_inline(&of(2, 2)));
        estimate.record(&of(2, 2), SLUGGISH);
        assert!(!estimate.runs_inline(&of(2, 2)));
        estimate.record(&of(2, 2), QUICK);
        assert!(estimate.runs_inline(&of(2, 2)));
    }

    #[test]
    fn an_overrun_is_remembered_for_long() {
        let slow = |estimate: &mut InlineEstimate| {
            (0..SLOW).for_each(|_| estimate.record(&of(2, 2), LONG))
        };
        for lose in [slow, InlineEstimate::overran] {
            let mut estimate = policy().estimate();
            estimate.record(&of(2, 2), QUICK);
            lose(&mut estimate);
            for _ in 1..FORGIVEN {
                estimate.record(&of(2, 2), QUICK);
            }
            assert!(!estimate.runs_inline(&of(2, 2)));
            estimate.record(&of(2, 2), QUICK);
            assert!(estimate.runs_inline(&of(2, 2)));
        }
    }

    #[test]
    fn a_threshold_of_zero_finds_nothing_short() {
        let mut estimate = InlinePolicy::new(Duration::ZERO, true).estimate();
        estimate.record(&of(0, 0), Duration::ZERO);
        assert!(!estimate.runs_inline(&of(0, 0)));
    }

    #[test]
    fn work_that_depends_on_values_is_never_inline() {
        let mut estimate = InlinePolicy::new(Duration::from_micros(200), false).estimate();
        estimate.record(&of(2, 2), QUICK);
        assert!(!estimate.runs_inline(&of(2, 2)));
        assert_eq!(estimate.last(), QUICK);
    }
}
