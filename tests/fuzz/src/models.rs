//! The readers of model files, on altered models. None may panic, and none may take more than the file justifies.

use godwit_backend::{Buffer, DType, Encoding, Model};
use godwit_fixtures::{dims, models};
use godwit_model::{Limits, detect, precheck};

use crate::Target;

/// Read by the bounded reader first, and what passes by the one that decodes whole files.
pub(crate) struct Onnx;

impl Target for Onnx {
    fn run(&mut self, input: &[u8]) -> Result<u64, String> {
        let _ = detect(&[input]);
        let model = Model::new("fuzz", Encoding::Onnx, vec![Buffer::from(input.to_vec())]);
        if precheck(&model, &Limits::default()).is_ok()
            && let Ok(decoded) = godwit_onnx::decode(&model.parts()[0])
        {
            let _ = godwit_onnx::Outline::of(&decoded);
        }
        Ok(1)
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let small = models::small_models().into_iter().map(|(_, bytes)| bytes);
        let bad = models::bad_models().into_iter().map(|model| model.bytes);
        let echo = models::echo(DType::F32, dims!["batch", 3]);
        small.chain(bad).chain([echo]).filter(|bytes| bytes.len() < 64 << 10).collect()
    }
}

/// An IR of two files: the text, a zero byte, the weights.
pub(crate) struct Openvino;

impl Target for Openvino {
    fn run(&mut self, input: &[u8]) -> Result<u64, String> {
        let mut parts = input.splitn(2, |byte| *byte == 0);
        let (xml, weights) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let parts = [xml, weights].map(|part| Buffer::from(part.to_vec()));
        let model = Model::new("fuzz", Encoding::Openvino, parts.to_vec());
        let _ = precheck(&model, &Limits::default());
        Ok(1)
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let digits = include_bytes!("../../fixtures/models/digits.xml").to_vec();
        let [xml, weights] = models::echo_ir(&[1, 3]);
        vec![[xml, vec![0], weights].concat(), digits]
    }
}
