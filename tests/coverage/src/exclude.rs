//! Cases without an answer to compare with.

/// Why a case is not run, or `None` for the many that are.
pub fn reason(case: &str) -> Option<&'static str> {
    let random = case.starts_with("test_bernoulli")
        || (case.starts_with("test_training_dropout") && !case.contains("zero_ratio"));
    random.then_some("draws random numbers, and the case holds those of one generator")
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn only_what_draws_is_left_out() {
        assert!(reason("test_bernoulli_seed_expanded").is_some());
        assert!(reason("test_training_dropout_mask").is_some());
        assert!(reason("test_training_dropout_zero_ratio_mask").is_none());
        assert!(reason("test_dropout_default").is_none());
    }
}
