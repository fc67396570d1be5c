use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Traffic;

/// Prices of a service, in any one currency.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prices {
    /// Per hour.
    pub per_hour: Option<f64>,
    /// Per 1000 runs.
    pub per_1000_calls: Option<f64>,
    /// Per 10⁹ bytes received from it.
    pub egress_per_gb: Option<f64>,
}

/// The cost of a service. Parts without a price are zero.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Cost {
    /// Of the time.
    pub time: f64,
    /// Of the runs.
    pub calls: f64,
    /// Of the bytes received.
    pub egress: f64,
    /// The sum.
    pub total: f64,
}

impl Prices {
    /// The cost of `runs` runs and `traffic` in `time`; `None` without any price.
    pub fn cost(&self, time: Duration, runs: u64, traffic: &Traffic) -> Option<Cost> {
        let Self { per_hour, per_1000_calls, egress_per_gb } = self;
        [per_hour, per_1000_calls, egress_per_gb].into_iter().find(|price| price.is_some())?;
        let time = per_hour.unwrap_or_default() * time.as_secs_f64() / 3600.0;
        let calls = per_1000_calls.unwrap_or_default() * runs as f64 / 1e3;
        let egress = egress_per_gb.unwrap_or_default() * traffic.received as f64 / 1e9;
        Some(Cost { time, calls, egress, total: time + calls + egress })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_its_price() {
        let traffic = Traffic { received: 2_000_000_000, sent: 9, ..Traffic::default() };
        let hour = Duration::from_secs(3600);
        let prices =
            Prices { per_hour: Some(3.5), per_1000_calls: Some(0.02), egress_per_gb: Some(0.09) };
        let cost = prices.cost(hour * 2, 5000, &traffic).unwrap();
        assert_eq!((cost.time, cost.calls, cost.egress), (7.0, 0.1, 0.18));
        assert!((cost.total - 7.28).abs() < 1e-12);
        let calls = Prices { per_1000_calls: Some(1.0), ..Prices::default() };
        assert_eq!(calls.cost(hour, 500, &traffic).unwrap().total, 0.5);
        assert_eq!(Prices::default().cost(hour, 1, &traffic), None);
    }
}
