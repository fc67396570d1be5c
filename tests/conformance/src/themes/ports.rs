use godwit_backend::Dim;

use crate::tensors::{floats, tensor, values};
use crate::{Case, Subject};

/// 2a + b would not tell; neither would a + b: so a and b differ in what cannot be swapped.
pub async fn inputs_are_told_apart(subject: Subject) {
    let mut open = subject.open(&Case::Mixed).await;
    let names: Vec<_> = open.graph.info().signature.inputs.iter().map(|i| &*i.name).collect();
    assert_eq!(names, ["ids", "mask"]);
    let swapped = [floats(&[1.0]), tensor([1], &[1i64])];
    assert!(open.run(swapped).await.is_err(), "inputs in the wrong order were taken");
}

pub async fn inputs_of_different_dtypes_meet_in_one_graph(subject: Subject) {
    let mut open = subject.open(&Case::Mixed).await;
    let (ids, mask) = (tensor([4], &[0i64, 3, 15, 7]), floats(&[1.0, 1.0, 0.5, 0.0]));
    let y = open.answer([ids, mask]).await.remove(0);
    assert_eq!(values::<f32>(&y), [0.0, 9.0, 112.5, 0.0]);
}

pub async fn outputs_stand_in_the_models_order(subject: Subject) {
    let mut open = subject.open(&Case::Split).await;
    let names: Vec<_> = open.graph.info().signature.outputs.iter().map(|o| &*o.name).collect();
    assert_eq!(names, ["doubled", "total"]);
    let outputs = open.answer([tensor([2, 3], &[1f32, 2.0, 3.0, 4.0, 5.0, 6.0])]).await;
    assert_eq!(outputs.len(), 2);
    assert_eq!(values::<f32>(&outputs[0]), [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]);
    assert_eq!(values::<f32>(&outputs[1]), [6.0, 15.0]);
}

pub async fn inputs_given_by_name_find_their_places(subject: Subject) {
    let mut open = subject.open(&Case::Mixed).await;
    let (ids, mask) = (tensor([2], &[2i64, 3]), floats(&[10.0, 1.0]));
    let named = [("mask", mask), ("ids", ids)];
    let inputs = open.graph.info().signature.arrange(named).expect("the model's own names");
    let y = open.answer(inputs.to_vec()).await.remove(0);
    assert_eq!(values::<f32>(&y), [40.0, 9.0]);
}

pub async fn outputs_have_the_names_dtypes_and_dims_of_the_signature(subject: Subject) {
    for (case, inputs) in [
        (Case::Add, vec![floats(&[1.0, 2.0]), floats(&[3.0, 4.0])]),
        (Case::Split, vec![tensor([2, 3], &[0f32; 6])]),
        (Case::Mixed, vec![tensor([2], &[1i64, 2]), floats(&[1.0, 1.0])]),
        (Case::EchoFixed, vec![tensor([2, 3], &[0f32; 6])]),
    ] {
        let mut open = subject.open(&case).await;
        let outputs = open.answer(inputs).await;
        let infos = &open.graph.info().signature.outputs;
        assert_eq!(outputs.len(), infos.len(), "{case:?}");
        for (info, output) in infos.iter().zip(&outputs) {
            assert_eq!(info.dtype, output.dtype(), "{case:?}: {info}");
            let Some(dims) = &info.dims else { continue };
            assert_eq!(dims.len(), output.shape().len(), "{case:?}: {info} gave {output}");
            for (dim, &size) in dims.iter().zip(output.shape().iter()) {
                let fits = !matches!(dim, Dim::Known(known) if *known != size);
                assert!(fits, "{case:?}: {info} gave {output}");
            }
        }
    }
}
