use std::time::Duration;

use godwit_backend::Tensor;
use smallvec::SmallVec;

/// Slow runs in a row after which runs of that size leave the caller's thread.
const SLOW: u32 = 3;

/// Short runs in a row, on a worker, that win back what an overrun lost.
const FORGIVEN: u32 = 32;

/// How many times its share a run on the caller's thread may take before it counts as an overrun.
const OVERRUN: u32 = 5;

/// Whether runs are short enough for the caller's thread, learnt from those that were measured.
///
/// A run is short when none of its inputs' dimensions is larger than in one that was. That is enough
/// because a graph whose work depends on what its tensors hold is never asked about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pace {
    short: Duration,
    within: Option<Dims>,
    slow_in_a_row: u32,
    short_in_a_row: u32,
    /// Short runs in a row that it takes to be believed.
    needed: u32,
}

/// The dimensions of all inputs, one after another.
pub(crate) type Dims = SmallVec<[usize; 8]>;

fn dims(inputs: &[Tensor]) -> impl Iterator<Item = &usize> {
    inputs.iter().flat_map(|input| input.shape().iter())
}

impl Pace {
    /// Runs under `short` are short, and those within `within` are known to be.
    pub(crate) fn new(short: Duration, within: Option<Dims>) -> Self {
        Self { short, within, needed: 1, ..Self::default() }
    }

    /// What [`Pace::new`] needs to begin where this one is.
    pub(crate) fn within(&self) -> Option<&Dims> {
        self.within.as_ref()
    }

    /// Whether a run on `inputs` belongs on the caller's thread.
    pub(crate) fn is_short(&self, inputs: &[Tensor]) -> bool {
        self.within.as_ref().is_some_and(|most| fits(inputs, most))
    }

    /// A run on `inputs` took `elapsed`. Gives whether anything was learnt.
    pub(crate) fn record(&mut self, inputs: &[Tensor], elapsed: Duration) -> bool {
        if elapsed < self.short {
            self.slow_in_a_row = 0;
            if self.is_short(inputs) {
                return false;
            }
            self.short_in_a_row = self.short_in_a_row.saturating_add(1);
            if self.short_in_a_row < self.needed {
                return false;
            }
            self.needed = 1;
            self.within = Some(dims(inputs).copied().collect());
            return true;
        }
        self.short_in_a_row = 0;
        if !self.is_short(inputs) {
            return false;
        }
        // One slow run may be the scheduler's doing.
        self.slow_in_a_row += 1;
        let overrun = elapsed >= self.short.saturating_mul(OVERRUN);
        if self.slow_in_a_row < SLOW {
            return false;
        }
        self.slow_in_a_row = 0;
        self.within = None;
        self.needed = if overrun { FORGIVEN } else { 1 };
        true
    }
}

fn fits(inputs: &[Tensor], most: &Dims) -> bool {
    let mut most = most.iter();
    dims(inputs).all(|size| most.next().is_some_and(|most| size <= most)) && most.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_micros(10);
    const SLUGGISH: Duration = Duration::from_micros(300);
    const LONG: Duration = Duration::from_millis(10);

    fn pace() -> Pace {
        Pace::new(Duration::from_micros(200), None)
    }

    fn of(rows: usize, columns: usize) -> [Tensor; 1] {
        [Tensor::from_values([rows, columns], &vec![0u8; rows * columns]).unwrap()]
    }

    #[test]
    fn nothing_is_short_until_measured() {
        let mut pace = pace();
        assert!(!pace.is_short(&of(0, 0)));
        assert!(pace.record(&of(10, 20), QUICK));
        assert!(pace.is_short(&of(10, 20)) && pace.is_short(&of(1, 20)));
        assert!(!pace.is_short(&of(20, 10)), "as many bytes, but another size");
        assert!(Pace::new(QUICK, pace.within().cloned()).is_short(&of(10, 20)));
    }

    #[test]
    fn one_slow_run_is_forgiven_and_three_are_not() {
        let mut pace = pace();
        pace.record(&of(2, 2), QUICK);
        for elapsed in [SLUGGISH, SLUGGISH, QUICK, SLUGGISH, SLUGGISH] {
            pace.record(&of(2, 2), elapsed);
        }
        assert!(pace.is_short(&of(2, 2)));
        assert!(pace.record(&of(2, 2), SLUGGISH));
        assert!(!pace.is_short(&of(2, 2)));
        pace.record(&of(2, 2), QUICK);
        assert!(pace.is_short(&of(2, 2)));
    }

    #[test]
    fn an_overrun_is_remembered_for_long() {
        let mut pace = pace();
        pace.record(&of(2, 2), QUICK);
        for _ in 0..SLOW {
            pace.record(&of(2, 2), LONG);
        }
        for _ in 1..FORGIVEN {
            pace.record(&of(2, 2), QUICK);
        }
        assert!(!pace.is_short(&of(2, 2)));
        pace.record(&of(2, 2), QUICK);
        assert!(pace.is_short(&of(2, 2)));
    }

    #[test]
    fn a_threshold_of_zero_finds_nothing_short() {
        let mut pace = Pace::new(Duration::ZERO, None);
        pace.record(&of(0, 0), Duration::ZERO);
        assert!(!pace.is_short(&of(0, 0)));
    }
}
