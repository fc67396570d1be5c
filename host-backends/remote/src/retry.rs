//! Retries: how many, how soon, and never so many that they overload a service that is down.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// The retries that a new endpoint may make at once.
const RESERVE: f64 = 3.0;

/// The most retries that an endpoint can save.
const SAVED: f64 = 10.0;

/// A token bucket of retries: each request adds a fraction of one.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    share: f64,
    held: Mutex<f64>,
}

impl RetryBudget {
    pub(crate) fn new(share: f64) -> Self {
        Self { share, held: Mutex::new(if share > 0.0 { RESERVE } else { 0.0 }) }
    }

    pub(crate) fn request(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held = (*held + self.share).min(SAVED);
    }

    /// Takes one retry, if there is one.
    pub(crate) fn retry(&self) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = *held >= 1.0;
        if enough {
            *held -= 1.0;
        }
        enough
    }
}

/// The pause before attempt `attempt`, counted from 1: a random part of `first`, doubled with each attempt.
pub(crate) fn pause(first: Duration, attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(2).min(10);
    first.saturating_mul(1 << doublings).mul_f64(fastrand::f64())
}

/// The value of `Retry-After`: seconds, or a date.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_in_ten_may_be_a_retry() {
        let retry_budget = RetryBudget::new(0.1);
        let retries = (0..1000).filter(|_| {
            retry_budget.request();
            retry_budget.retry()
        });
        let retries = retries.count();
        assert!((100..=103).contains(&retries), "{retries}");
        assert!(!RetryBudget::new(0.0).retry());
    }

    #[test]
    fn both_forms_of_retry_after_are_read() {
        let after = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("Thu, 01 Jan 1970 00:00:00 GMT"), Some(Duration::ZERO));
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        assert!(after(&soon).is_some_and(|soon| soon > Duration::from_secs(90)));
        assert_eq!(after("soon"), None);
    }
}
