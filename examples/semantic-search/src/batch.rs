/// Token ids of several texts: every row is padded to the longest, and the mask marks the padding.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) ids: Vec<i64>,
    pub(crate) mask: Vec<i64>,
}

impl Batch {
    pub(crate) fn new(texts: &[&[u32]], padding: u32) -> Self {
        let columns = texts.iter().map(|text| text.len()).max().unwrap_or_default();
        let mut batch = Self { rows: texts.len(), columns, ids: Vec::new(), mask: Vec::new() };
        for text in texts {
            let end = batch.ids.len() + columns;
            batch.ids.extend(text.iter().copied().map(i64::from));
            batch.mask.extend(text.iter().map(|_| 1));
            batch.ids.resize(end, padding.into());
            batch.mask.resize(end, 0);
        }
        batch
    }

    pub(crate) fn shape(&self) -> [usize; 2] {
        [self.rows, self.columns]
    }
}

/// The texts' indices, sorted by length: a batch of neighbours needs little padding.
pub(crate) fn by_length(texts: &[impl AsRef<[u32]>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|&at| texts.get(at).map(|text| text.as_ref().len()));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_padded_to_the_longest_and_masked() {
        let batch = Batch::new(&[&[101, 7, 102], &[101, 102]], 9);
        assert_eq!(batch.shape(), [2, 3]);
        assert_eq!(batch.ids, [101, 7, 102, 101, 102, 9]);
        assert_eq!(batch.mask, [1, 1, 1, 1, 1, 0]);
    }

    #[test]
    fn no_texts_make_an_empty_batch() {
        assert_eq!(Batch::new(&[], 0).shape(), [0, 0]);
    }

    #[test]
    fn texts_of_like_length_stand_together() {
        let texts = [vec![1, 2, 3], vec![1], vec![1, 2], vec![2]];
        assert_eq!(by_length(&texts), [1, 3, 2, 0]);
    }
}
