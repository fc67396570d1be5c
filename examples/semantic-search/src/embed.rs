use std::path::Path;

use godwit_guest::{Graph, Tensor};
use tokenizers::{Encoding, Tokenizer, TruncationParams};

use crate::Result;
use crate::batch::{Batch, by_length};

/// Texts per run of the model.
const BATCH: usize = 16;
/// Tokens per text, as the model was trained with; longer texts are truncated.
const TOKENS: usize = 256;

pub(crate) struct Embedder {
    graph: Graph,
    tokenizer: Tokenizer,
    padding: u32,
}

impl Embedder {
    pub(crate) fn load(tokenizer: &Path) -> Result<Self> {
        let about = |error| format!("{}: {error}", tokenizer.display());
        let mut tokenizer = Tokenizer::from_file(tokenizer).map_err(about)?;
        // The file may pad every text to a fixed length, which would waste work.
        let padding = tokenizer.get_padding().map_or(0, |padding| padding.pad_id);
        tokenizer.with_padding(None);
        let truncation = TruncationParams { max_length: TOKENS, ..Default::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(|error| error.to_string())?;
        let graph =
            Graph::load("minilm").map_err(|error| format!("the model `minilm`: {error}"))?;
        Ok(Self { graph, tokenizer, padding })
    }

    /// One vector for each text, in their order.
    pub(crate) fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let tokens = texts.iter().map(|&text| self.tokenizer.encode(text, true));
        let tokens: Vec<Encoding> = tokens.collect::<Result<_, _>>().map_err(|e| e.to_string())?;
        let tokens: Vec<&[u32]> = tokens.iter().map(Encoding::get_ids).collect();

        let mut embeddings = vec![Vec::new(); texts.len()];
        for places in by_length(&tokens).chunks(BATCH) {
            let batch: Vec<&[u32]> =
                places.iter().filter_map(|&place| tokens.get(place).copied()).collect();
            let vectors = self.run(&Batch::new(&batch, self.padding))?;
            for (&place, vector) in places.iter().zip(vectors) {
                if let Some(embedding) = embeddings.get_mut(place) {
                    *embedding = vector;
                }
            }
        }
        Ok(embeddings)
    }

    fn run(&self, batch: &Batch) -> Result<Vec<Vec<f32>>> {
        let shape = batch.shape();
        let types = vec![0_i64; batch.ids.len()];
        let outputs = self.graph.run([
            ("input_ids", Tensor::from_slice(&shape, &batch.ids)?),
            ("attention_mask", Tensor::from_slice(&shape, &batch.mask)?),
            ("token_type_ids", Tensor::from_slice(&shape, &types)?),
        ])?;
        let embedding = outputs.get("embedding")?;
        let vectors = embedding.view::<f32>()?;
        match embedding.dims().as_slice() {
            &[rows, columns] if rows == batch.rows && columns > 0 => {
                Ok(vectors.chunks(columns).map(<[f32]>::to_vec).collect())
            }
            dims => {
                Err(format!("the model gave embeddings {dims:?} for {} texts", batch.rows).into())
            }
        }
    }
}
