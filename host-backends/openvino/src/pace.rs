use std::time::Duration;

/// Slow runs in a row after which runs of that size leave the caller's thread.
const SLOW: u32 = 3;

/// How many times longer than short is very slow.
const VERY: u32 = 10;

/// Whether runs are short enough for the caller's thread, learnt from those that were measured.
///
/// The size of a run is the bytes that go in. That is enough because a graph whose work depends on
/// what its tensors hold is never asked about.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    short: Duration,
    /// Runs of fewer bytes than this are short.
    below: usize,
    slow_in_a_row: u32,
}

impl Pace {
    /// Runs under `short` are short; those of fewer than `below` bytes are known to be.
    pub(crate) fn new(short: Duration, below: usize) -> Self {
        Self { short, below, slow_in_a_row: 0 }
    }

    /// What [`Pace::new`] needs to begin where this one is.
    pub(crate) fn below(&self) -> usize {
        self.below
    }

    /// Whether a run of `bytes` belongs on the caller's thread.
    pub(crate) fn is_short(&self, bytes: usize) -> bool {
        bytes < self.below
    }

    /// A run of `bytes` took `elapsed`.
    pub(crate) fn record(&mut self, bytes: usize, elapsed: Duration) {
        if elapsed < self.short {
            self.slow_in_a_row = 0;
            self.below = self.below.max(bytes.saturating_add(1));
            return;
        }
        // One slow run may be the scheduler's doing, unless it was very slow: nothing can end it there.
        if elapsed > self.short.saturating_mul(VERY) {
            self.below = self.below.min(bytes);
            self.slow_in_a_row = 0;
            return;
        }
        self.slow_in_a_row += 1;
        if self.slow_in_a_row >= SLOW {
            self.below = self.below.min(bytes);
            self.slow_in_a_row = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_micros(10);
    const LONG: Duration = Duration::from_millis(1);

    fn pace() -> Pace {
        Pace::new(Duration::from_micros(200), 0)
    }

    #[test]
    fn nothing_is_short_until_measured() {
        let mut pace = pace();
        assert!(!pace.is_short(0));
        pace.record(100, QUICK);
        assert!(pace.is_short(100) && pace.is_short(1) && !pace.is_short(101));
        assert!(Pace::new(QUICK, pace.below()).is_short(100));
    }

    #[test]
    fn one_slow_run_is_forgiven_and_three_are_not() {
        let mut pace = pace();
        pace.record(100, QUICK);
        pace.record(100, LONG);
        pace.record(100, LONG);
        pace.record(100, QUICK);
        pace.record(100, LONG);
        pace.record(100, LONG);
        assert!(pace.is_short(100));
        pace.record(100, LONG);
        assert!(!pace.is_short(100) && pace.is_short(99));
    }

    #[test]
    fn a_very_slow_run_is_not_forgiven() {
        let mut pace = pace();
        pace.record(100, QUICK);
        pace.record(100, 100 * LONG);
        assert!(!pace.is_short(100) && pace.is_short(99));
    }

    #[test]
    fn a_threshold_of_zero_finds_nothing_short() {
        let mut pace = Pace::new(Duration::ZERO, 0);
        pace.record(0, Duration::ZERO);
        assert!(!pace.is_short(0));
    }
}
