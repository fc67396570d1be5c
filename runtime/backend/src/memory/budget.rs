use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, Result};

/// A limit on bytes held at one time, and the account of what is held. Clones share the account.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Account>);

#[derive(Debug)]
struct Account {
    id: u64,
    what: &'static str,
    limit: u64,
    used: AtomicU64,
    peak: AtomicU64,
}

impl Budget {
    /// At most `limit` bytes of `what`, a plural such as "tensors", which error messages name.
    pub fn new(what: &'static str, limit: u64) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let (used, peak) = (AtomicU64::new(0), AtomicU64::new(0));
        Self(Arc::new(Account { id, what, limit, used, peak }))
    }

    /// No limit, but still an account.
    pub fn unlimited() -> Self {
        Self::new("memory", u64::MAX)
    }

    /// Distinguishes this account from every other in the process.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// The most bytes that may be held.
    pub fn limit(&self) -> u64 {
        self.0.limit
    }

    /// Bytes held now.
    pub fn used(&self) -> u64 {
        self.0.used.load(Ordering::Acquire)
    }

    /// The most bytes that were held at one time.
    pub fn peak(&self) -> u64 {
        self.0.peak.load(Ordering::Acquire)
    }

    /// Books `bytes` until the charge is dropped.
    ///
    /// # Errors
    ///
    /// `TooLarge` when they exceed what is left.
    pub fn charge(&self, bytes: u64) -> Result<Charge> {
        let account = &*self.0;
        let within = |used: u64| used.checked_add(bytes).filter(|&sum| sum <= account.limit);
        match account.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, within) {
            Ok(before) => {
                account.peak.fetch_max(before + bytes, Ordering::AcqRel);
                Ok(Charge { budget: self.clone(), bytes })
            }
            Err(used) => Err(Error::too_large(format!(
                "{bytes} more bytes of {} exceed the limit of {} bytes ({used} are held)",
                account.what, account.limit
            ))),
        }
    }
}

/// Bytes booked on a [`Budget`], given back on drop.
#[derive(Debug)]
pub struct Charge {
    budget: Budget,
    bytes: u64,
}

impl Charge {
    /// How many bytes are booked.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.0.used.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn a_budget_holds_to_the_byte_and_gives_back() {
        let budget = Budget::new("tensors", 100);
        let first = budget.charge(60).unwrap();
        let error = budget.charge(41).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert_eq!(
            error.message(),
            "41 more bytes of tensors exceed the limit of 100 bytes (60 are held)"
        );
        let second = budget.charge(40).unwrap();
        drop((first, second));
        assert_eq!((budget.used(), budget.peak()), (0, 100));
    }

    #[test]
    fn an_overflowing_charge_is_refused() {
        let budget = Budget::unlimited();
        let _held = budget.charge(1).unwrap();
        assert!(budget.charge(u64::MAX).is_err());
    }
}
