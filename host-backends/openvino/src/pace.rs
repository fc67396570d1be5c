use std::time::Duration;

/// Slow runs in a row after which runs of that size leave the caller's thread.
const SLOW: u32 = 3;

/// Short runs in a row, on a worker, after which an overrun is forgiven.
const FORGIVEN: u32 = 32;

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
    short_in_a_row: u32,
    /// Short runs in a row that it takes to be believed.
    needed: u32,
}

impl Pace {
    /// Runs under `short` are short; those of fewer than `below` bytes are known to be.
    pub(crate) fn new(short: Duration, below: usize) -> Self {
        Self { short, below, slow_in_a_row: 0, short_in_a_row: 0, needed: 1 }
    }

    /// What [`Pace::new`] needs to begin where this one is.
    pub(crate) fn below(&self) -> usize {
        self.below
    }

    /// Whether a run of `bytes` belongs on the caller's thread.
    pub(crate) fn is_short(&self, bytes: usize) -> bool {
        bytes < self.below
    }

    /// How long a run on the caller's thread may take before it is abandoned.
    pub(crate) fn budget(&self) -> Duration {
        self.short.saturating_mul(5)
    }

    /// A run of `bytes` took `elapsed`.
    pub(crate) fn record(&mut self, bytes: usize, elapsed: Duration) {
        if elapsed < self.short {
            self.slow_in_a_row = 0;
            self.short_in_a_row = self.short_in_a_row.saturating_add(1);
            if self.short_in_a_row >= self.needed {
                self.below = self.below.max(bytes.saturating_add(1));
                self.needed = 1;
            }
            return;
        }
        // One slow run may be the scheduler's doing.
        self.short_in_a_row = 0;
        self.slow_in_a_row += 1;
        if self.slow_in_a_row >= SLOW {
            self.below = self.below.min(bytes);
            self.slow_in_a_row = 0;
        }
    }

    /// A run of `bytes` on the caller's thread had to be abandoned.
    pub(crate) fn overran(&mut self, bytes: usize) {
        self.below = self.below.min(bytes);
        self.slow_in_a_row = 0;
        self.short_in_a_row = 0;
        self.needed = FORGIVEN;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_micros(10);
    const LONG: Duration = Duration::from_millis(10);

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
    fn an_overrun_is_remembered_for_long() {
        let mut pace = pace();
        pace.record(100, QUICK);
        pace.overran(100);
        (1..FORGIVEN).for_each(|_| pace.record(100, QUICK));
        assert!(!pace.is_short(100));
        pace.record(100, QUICK);
        assert!(pace.is_short(100));
    }

    #[test]
    fn a_threshold_of_zero_finds_nothing_short() {
        let mut pace = Pace::new(Duration::ZERO, 0);
        pace.record(0, Duration::ZERO);
        assert!(!pace.is_short(0));
    }
}
