//! Softmax and the highest scores.
//!
//! ```
//! use godwit_guest::topk::{softmax, top_k};
//!
//! let confidence = softmax(&[1.0, 4.0, 2.0]);
//! let best = top_k(&confidence, 2);
//! assert_eq!((best[0].index, best[1].index), (1, 2));
//! ```

/// One entry of a list of scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Its index in the list: for a classifier, the class.
    pub index: usize,
    /// Its score.
    pub score: f32,
}

/// The softmax of `scores`: shares that add up to 1.
///
/// Large scores do not overflow. Scores of positive infinity share 1 among them. If a score is NaN, or all
/// are negative infinity, every share is NaN.
pub fn softmax(scores: &[f32]) -> Vec<f32> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = |score: f32| if score == highest { 1.0 } else { (score - highest).exp() };
    let unanswerable = highest == f32::NEG_INFINITY || scores.iter().any(|score| score.is_nan());
    if unanswerable {
        return vec![f32::NAN; scores.len()];
    }
    let total: f32 = scores.iter().copied().map(weight).sum();
    scores.iter().map(|&score| weight(score) / total).collect()
}

/// The `k` highest scores, best first; all if there are fewer.
///
/// Equal scores keep their order and NaN comes last.
pub fn top_k(scores: &[f32], k: usize) -> Vec<Scored> {
    let mut all: Vec<_> =
        scores.iter().enumerate().map(|(index, &score)| Scored { index, score }).collect();
    let key = |scored: &Scored| (scored.score.is_nan(), scored.score);
    let order = |a: &Scored, b: &Scored| {
        let ((a_nan, a_score), (b_nan, b_score)) = (key(a), key(b));
        a_nan.cmp(&b_nan).then(b_score.total_cmp(&a_score)).then(a.index.cmp(&b.index))
    };
    if k < all.len() && k > 0 {
        all.select_nth_unstable_by(k - 1, order);
    }
    all.truncate(k);
    all.sort_unstable_by(order);
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn indices(scores: &[f32], k: usize) -> Vec<usize> {
        top_k(scores, k).iter().map(|scored| scored.index).collect()
    }

    #[test]
    fn softmax_gives_known_shares() {
        let shares = softmax(&[0.0, 1.0_f32.ln(), 2.0_f32.ln()]);
        for (share, expected) in shares.iter().zip([0.25, 0.25, 0.5]) {
            assert!((share - expected).abs() < 1e-6, "{shares:?}");
        }
    }

    #[test]
    fn softmax_survives_the_edges_of_the_range() {
        assert_eq!(softmax(&[1e38, 0.0, -1e38]), [1.0, 0.0, 0.0]);
        assert_eq!(softmax(&[f32::INFINITY, 3.0, f32::INFINITY]), [0.5, 0.0, 0.5]);
        assert_eq!(softmax(&[0.0, f32::NEG_INFINITY]), [1.0, 0.0]);
        assert!(softmax(&[1.0, f32::NAN]).iter().all(|share| share.is_nan()));
        assert!(softmax(&[f32::NEG_INFINITY]).iter().all(|share| share.is_nan()));
        assert!(softmax(&[]).is_empty());
    }

    #[test]
    fn the_best_come_first_ties_in_order_and_nan_last() {
        assert_eq!(indices(&[1.0, 3.0, 2.0, 3.0], 3), [1, 3, 2]);
        assert_eq!(indices(&[f32::NAN, -1.0, f32::NEG_INFINITY], 3), [1, 2, 0]);
        assert_eq!(indices(&[0.0, 1.0], 9), [1, 0]);
        assert_eq!(indices(&[0.0, 1.0], 0), []);
        assert_eq!(indices(&[], 3), []);
    }

    proptest! {
        #[test]
        fn shares_add_up_to_one(scores in prop::collection::vec(-1e4f32..1e4, 1..50)) {
            let shares = softmax(&scores);
            prop_assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-4);
            prop_assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
        }

        #[test]
        fn a_few_are_the_beginning_of_all(scores in prop::collection::vec(-9f32..9.0, 1..50), k in 0..60usize) {
            let all = top_k(&scores, scores.len());
            prop_assert!(all.windows(2).all(|pair| pair[0].score >= pair[1].score));
            prop_assert_eq!(&top_k(&scores, k), &all[..k.min(scores.len())]);
        }
    }
}
