use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use futures_timer::Delay;
use godwit_backend::{Arena, Budget, Dim, Error, Memory, Model, Result, Shape, Tensor};

use super::errors::assert_fit_for_guests;
use crate::memory::{Heap, PeakWatch, alone};
use crate::models::BadModel;
use crate::open::Open;
use crate::tensors::{floats, values};
use crate::{Case, Subject};

/// The largest of these files has 2 MB; one of them asks for 4 GB.
const LIMIT: u64 = 1 << 30;

/// What a host would give a model to load and run.
const DEADLINE: Duration = Duration::from_secs(5);

/// Each ends or is dropped at the deadline; afterwards the backend serves the next model.
pub async fn hostile_models_do_no_harm(subject: Subject) {
    alone();
    let bad = subject.models.bad();
    assert!(!bad.is_empty(), "there was nothing to fear");
    let mut taken = Vec::new();
    for BadModel { name, model, structural } in bad {
        Heap::take_peak();
        let before = Heap::take_peak();
        let watch = PeakWatch::begin();
        let work = pin!(load_and_run(&subject, &model));
        let outcome = match select(work, Delay::new(DEADLINE)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => Err(Error::timeout("still loading or running")),
        };
        // What was asked for and never used is on the heap alone; what was used in C++ or in a worker is resident.
        let heap = Heap::take_peak().saturating_sub(before) as u64;
        assert!(heap < LIMIT, "{name} took {heap} bytes of the heap");
        let resident = watch.end();
        assert!(resident < LIMIT, "{name} took {resident} resident bytes");
        if structural && subject.checked && outcome.is_ok() {
            taken.push(name.clone());
        }
        if let Err(error) = outcome {
            assert_fit_for_guests(&error);
        }
    }
    assert!(taken.is_empty(), "{} were taken for models", taken.join(", "));
    let mut open = subject.open(&Case::Add).await;
    let sum = open.answer([floats(&[1.0]), floats(&[2.0])]).await.remove(0);
    assert_eq!(values::<f32>(&sum), [3.0], "after hostile models");
}

/// One run on zeros.
async fn load_and_run(subject: &Subject, model: &Model) -> Result<()> {
    let graph = subject.backend.load(model, &subject.target).await?;
    let inputs = graph.info().signature.inputs.iter().map(|input| {
        let size = |dim: &Dim| if let Dim::Known(size) = dim { *size } else { 1 };
        let shape = Shape::new(input.dims.iter().flatten().map(size));
        let bytes = vec![0u8; shape.byte_len(input.dtype)?.min(1 << 20)];
        Tensor::new(input.dtype, shape, bytes.into())
    });
    let inputs = inputs.collect::<Result<Vec<_>, Error>>()?;
    let memory = Memory::new(Arena::default(), Budget::new("tensors", 1 << 20));
    Open::on(graph, memory).await.run(inputs).await.map(drop)
}
