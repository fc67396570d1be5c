use godwit_backend::{Dim, Error, Graph, Memory, Result, Shape, Tensor};

use crate::bounded::heap_peak;
use crate::models::BadModel;
use crate::open::Open;
use crate::tensors::{floats, values};
use crate::{Case, Subject};

/// The largest of these files has 2 MB; one of them asks for 4 GB.
const HEAP: usize = 1 << 30;

/// Each ends, and in time; afterwards the backend serves the next model.
pub async fn hostile_models_do_no_harm(subject: Subject) {
    let bad = subject.models.bad();
    assert!(!bad.is_empty(), "there was nothing to fear");
    for BadModel { name, model, structural } in bad {
        heap_peak();
        let before = heap_peak();
        let outcome = match subject.backend.load(&model, &subject.target).await {
            Ok(graph) => run(graph).await,
            Err(error) => Err(error),
        };
        let grown = heap_peak().saturating_sub(before);
        assert!(grown < HEAP, "{name} took {grown} bytes");
        let must_fail = structural && subject.checked;
        assert!(!must_fail || outcome.is_err(), "{name} was taken for a model");
        if let Err(error) = outcome {
            assert!(!error.message().is_empty(), "{name}: an error without a word");
        }
    }
    let mut open = subject.open(&Case::Add).await;
    let sum = open.answer([floats(&[1.0]), floats(&[2.0])]).await.remove(0);
    assert_eq!(values::<f32>(&sum), [3.0], "after hostile models");
}

/// One run on zeros.
async fn run(graph: std::sync::Arc<dyn Graph>) -> Result<()> {
    let inputs = graph.signature().inputs.iter().map(|input| {
        let size = |dim: &Dim| if let Dim::Known(size) = dim { *size } else { 1 };
        let shape = Shape::new(input.dims.iter().flatten().map(size));
        let bytes = vec![0u8; shape.byte_len(input.dtype)?.min(1 << 20)];
        Tensor::new(input.dtype, shape, bytes.into())
    });
    let inputs = inputs.collect::<Result<Vec<_>, Error>>()?;
    let memory = Memory::new(Default::default(), godwit_backend::Budget::new("tensors", 1 << 20));
    Open::on(graph, memory).await.run(inputs).await.map(drop)
}
