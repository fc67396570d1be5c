use serde::Serialize;

/// A histogram of differences in units in the last place.
///
/// Buckets double: 0, 1, 2, up to 4, up to 8, and so on. Pairs with a NaN are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct UlpHistogram {
    /// The buckets in order, without empty ones at the end.
    pub buckets: Vec<UlpBucket>,
    /// The largest distance.
    pub max: u64,
}

/// One bucket of a [`UlpHistogram`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UlpBucket {
    /// The largest distance in it.
    pub up_to: u64,
    /// The elements in it.
    pub count: u64,
}

impl UlpHistogram {
    pub(super) fn add(&mut self, distance: u64) {
        self.max = self.max.max(distance);
        self.bucket(place(distance), 1);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.max = self.max.max(other.max);
        for (place, bucket) in other.buckets.iter().enumerate() {
            self.bucket(place, bucket.count);
        }
    }

    fn bucket(&mut self, place: usize, count: u64) {
        while self.buckets.len() <= place {
            let up_to = limit(self.buckets.len());
            self.buckets.push(UlpBucket { up_to, count: 0 });
        }
        if let Some(bucket) = self.buckets.get_mut(place) {
            bucket.count += count;
        }
    }

    /// The number of elements.
    pub fn total(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.count).sum()
    }
}

/// 0 → 0, 1 → 1, 2 → 2, 3..=4 → 3, 5..=8 → 4, ...
fn place(distance: u64) -> usize {
    match distance {
        0 => 0,
        _ => (u64::BITS - (distance - 1).leading_zeros()) as usize + 1,
    }
}

fn limit(place: usize) -> u64 {
    match place {
        0 => 0,
        _ => u32::try_from(place - 1).ok().and_then(|n| 1u64.checked_shl(n)).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_distance_has_the_bucket_that_ends_at_or_after_it() {
        for distance in [0, 1, 2, 3, 4, 5, 8, 9, 1 << 40, (1 << 40) + 1, u64::MAX] {
            let at = place(distance);
            assert!(distance <= limit(at), "{distance}");
            assert!(at == 0 || distance > limit(at - 1), "{distance}");
        }
    }
}
