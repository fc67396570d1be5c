use godwit_backend::ErrorKind;

use crate::tensors::{floats, tensor, values};
use crate::{Case, Subject};

pub async fn one_graph_takes_batches_of_any_size(subject: Subject) {
    let mut open = subject.open(&Case::Split).await;
    for batch in [1, 7, 2, 64, 1] {
        let x: Vec<f32> = (0..batch * 3u16).map(f32::from).collect();
        let rows = usize::from(batch);
        let outputs = open.answer([tensor([rows, 3], &x)]).await;
        let doubled: Vec<f32> = x.iter().map(|x| 2.0 * x).collect();
        let total: Vec<f32> = x.chunks_exact(3).map(|row| row.iter().sum()).collect();
        assert_eq!(outputs[0].shape()[..], [rows, 3]);
        assert_eq!(outputs[1].shape()[..], [rows]);
        assert_eq!(values::<f32>(&outputs[0]), doubled, "batch {batch}");
        assert_eq!(values::<f32>(&outputs[1]), total, "batch {batch}");
    }
}

pub async fn empty_tensors_come_back_empty(subject: Subject) {
    let mut open = subject.open(&Case::Split).await;
    let outputs = open.answer([tensor::<f32, 2>([0, 3], &[])]).await;
    assert_eq!((outputs[0].shape()[..].to_vec(), outputs[0].byte_len()), (vec![0, 3], 0));
    assert_eq!((outputs[1].shape()[..].to_vec(), outputs[1].byte_len()), (vec![0], 0));
    let outputs = open.answer([tensor([1, 3], &[1f32, 2.0, 3.0])]).await;
    assert_eq!(values::<f32>(&outputs[1]), [6.0], "after an empty batch");
}

pub async fn a_scalar_has_one_element(subject: Subject) {
    let mut open = subject.open(&Case::EchoScalar).await;
    let dims = open.graph.info().signature.inputs[0].dims.as_deref();
    assert_eq!(dims, Some(&[][..]), "the dims of a scalar");
    let output = open.answer([tensor([], &[2.5f32])]).await.remove(0);
    assert!(output.shape().is_empty(), "a scalar came back as {output}");
    assert_eq!(values::<f32>(&output), [2.5]);
}

pub async fn known_dims_are_kept(subject: Subject) {
    let mut open = subject.open(&Case::EchoFixed).await;
    let x = [1f32, 2.0, 3.0, 4.0, 5.0, 6.0];
    let output = open.answer([tensor([2, 3], &x)]).await.remove(0);
    assert_eq!((output.shape()[..].to_vec(), values::<f32>(&output)), (vec![2, 3], x.to_vec()));
    let error = open.run([tensor([3, 2], &x)]).await.expect_err("[3, 2] where [2, 3] is known");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error:?}");
    let error = open.run([floats(&x)]).await.expect_err("[6] where [2, 3] is known");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error:?}");
}
