//! Proof that devices agree: numeric comparison of runs, tolerance profiles, recordings and reports.
