use std::path::PathBuf;

use godwit_guest::image::Normalize;
use godwit_guest::topk::{Scored, softmax, top_k};
use godwit_guest::{Graph, Tensor};

use crate::Result;
use crate::digit::{self, SIDE};

const CLASSES: usize = 10;

pub(crate) struct Classifier(Graph);

impl Classifier {
    pub(crate) fn load() -> Result<Self> {
        Ok(Self(Graph::load("digits").map_err(|error| format!("the model `digits`: {error}"))?))
    }

    /// The class of each file and how sure the model is of it, 0 to 1.
    pub(crate) fn classify(&self, files: &[PathBuf]) -> Result<Vec<Scored>> {
        let mut pixels = Vec::with_capacity(files.len() * SIDE * SIDE);
        for file in files {
            digit::read(file)?.append_chw(&Normalize::UNIT, &mut pixels)?;
        }
        let image = Tensor::from_slice(&[files.len(), 1, SIDE, SIDE], &pixels)?;
        let outputs = self.0.run([("image", image)])?;
        best(&outputs.get("logits")?.view::<f32>()?, files.len())
    }
}

fn best(logits: &[f32], images: usize) -> Result<Vec<Scored>> {
    if logits.len() != images * CLASSES {
        return Err(format!("the model gave {} logits for {images} images", logits.len()).into());
    }
    Ok(logits.chunks(CLASSES).flat_map(|logits| top_k(&softmax(logits), 1)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_image_has_its_ten_logits() {
        let mut logits = [0.0; 20];
        logits[3] = 100.0;
        logits[17] = 100.0;
        let best = best(&logits, 2).unwrap();
        assert_eq!(best, [Scored { index: 3, score: 1.0 }, Scored { index: 7, score: 1.0 }]);
    }

    #[test]
    fn a_model_with_other_outputs_is_an_error() {
        assert!(best(&[0.0; 19], 2).is_err());
    }
}
