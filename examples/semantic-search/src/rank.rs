/// One passage and its similarity to the query, -1 to 1.
#[derive(Debug, PartialEq)]
pub(crate) struct Hit {
    pub(crate) index: usize,
    pub(crate) score: f32,
}

/// The `top` embeddings most similar to `query`, best first; ties keep their order.
pub(crate) fn best(query: &[f32], embeddings: &[Vec<f32>], top: usize) -> Vec<Hit> {
    let mut hits: Vec<_> = embeddings
        .iter()
        .enumerate()
        .map(|(index, embedding)| Hit { index, score: cosine(query, embedding) })
        .collect();
    hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    hits.truncate(top);
    hits
}

/// The cosine of the angle between two vectors; 0 if one of them is zero.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { dot(a, b) / lengths } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_depends_on_direction_alone() {
        assert_eq!(cosine(&[3.0, 4.0], &[6.0, 8.0]), 1.0);
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 5.0]), 0.0);
        assert_eq!(cosine(&[2.0, 0.0], &[-1.0, 0.0]), -1.0);
        assert_eq!(cosine(&[0.0, 0.0], &[1.0, 0.0]), 0.0);
    }

    #[test]
    fn the_likest_come_first_and_ties_keep_their_order() {
        let embeddings = [[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [2.0, 0.0]].map(Vec::from);
        let indices: Vec<_> =
            best(&[1.0, 0.0], &embeddings, 3).into_iter().map(|hit| hit.index).collect();
        assert_eq!(indices, [2, 3, 1]);
        assert_eq!(best(&[1.0, 0.0], &embeddings, 99).len(), 4);
        assert_eq!(best(&[1.0, 0.0], &[], 3), []);
    }
}
